"""The address of PostgreSQL, of one server or of several, in the one form that every driver reads."""

from urllib.parse import parse_qsl, urlencode, urlsplit

_WRITES = {"read-write", "primary"}
_DEFAULT_PORT = "5432"


def postgres_address(value: str) -> str:
    """An address with several hosts, as libpq takes it, with the hosts in its query; one with a single host as it is.

    Raises ValueError with what it must be.
    """
    parts = urlsplit(value)
    account, at, places = parts.netloc.rpartition("@")
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if "," in places:
        hosts, ports = zip(*map(_host_and_port, places.split(",")), strict=True)
        query |= {"host": ",".join(hosts), "port": ",".join(ports)}
    hosts = tuple(query.get("host", "").split(","))
    if len(hosts) == 1:
        return value
    ports = tuple(query.get("port", _DEFAULT_PORT).split(","))
    ports *= len(hosts) if len(ports) == 1 else 1
    if not all(hosts) or len(ports) != len(hosts) or not all(port.isdecimal() for port in ports):
        message = "must name each of several servers as host:port, separated by commas"
        raise ValueError(message)
    if query.setdefault("target_session_attrs", "read-write") not in _WRITES:
        message = "must say target_session_attrs=read-write, or nothing of it: the server that takes writes is used"
        raise ValueError(message)
    query["port"] = ",".join(ports)
    return f"{parts.scheme}://{account}{at}{parts.path}?{urlencode(query)}"


def _host_and_port(place: str) -> tuple[str, str]:
    """A name, or an address in brackets, and its port."""
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, rest.removeprefix(":") or _DEFAULT_PORT
    host, _, port = place.partition(":")
    return host, port or _DEFAULT_PORT

"""People: everybody, one of them, and what an admin does about them."""

from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Request
from starlette.responses import Response

from studium.access.actor import Actor, Admin, ClientAddress, RecentAdmin, require_recent
from studium.access.downloads import PeopleTable, Taken, people_csv
from studium.kit.base.versions import ANY_VERSION, IfMatchHeader
from studium.kit.http.dependencies import ReplicaReadsDep, SessionDep, request_runtime
from studium.kit.http.pagination import MAX_LIMIT
from studium.kit.text.csv_text import Csv
from studium.kit.text.devices import device_name
from studium.models import ErasedCertificates, Role, User
from studium.modules.auth import queries as auth
from studium.modules.privacy import actions as privacy
from studium.modules.privacy.exports import actions as exports
from studium.modules.privacy.schemas import AnonymizeIn, ErasureOut, ExportIn
from studium.modules.users import actions, actions_help, queries
from studium.modules.users.export import COLUMNS, export_people
from studium.modules.users.passwords import hash_of_nobodys
from studium.modules.users.queries import UserFilter
from studium.modules.users.routes import GUARDED, SomeUser
from studium.modules.users.schemas import UserCreate, UserUpdate
from studium.web import lists
from studium.web.account.routes import Device
from studium.web.admin.views import ErasingView, PeopleView, Person, PersonView
from studium.web.again import actor_of, id_of
from studium.web.forms import Form, FormDep, shown_form
from studium.web.lists import Cursor, Words
from studium.web.render import Page
from studium.web.routing import Pages, see_and_say, shows_again

router = Pages()
PATH = "/admin/people"
PER_PAGE = 50
_NO_FIELD = "_"
_STATES = {"": None, "active": True, "inactive": False}
RoleWish = Annotated[Role | Literal[""], Query()]
StateWish = Annotated[Literal["", "active", "inactive"], Query()]


def _filter(role: Role | Literal[""], state: str, q: str) -> UserFilter:
    return UserFilter(Role(role) if role else None, _STATES[state], q or None)


@router.get(PATH)
async def people(
    request: Request,
    _: Admin,
    reads: ReplicaReadsDep,
    *,
    q: Words = "",
    role: RoleWish = "",
    state: StateWish = "",
    cursor: Cursor = None,
) -> Page:
    """Everybody, or those whom search and filters leave, newest first."""
    page = lists.listing(request, PER_PAGE, cursor, total=True)
    found = await queries.user_page(reads, _filter(role, state, q), page)
    query = {"q": q, "role": str(role), "state": state}
    shown = [Person(one) for one in found.items]
    return Page(
        "admin/people.html", PeopleView(shown, found.total or 0, query, found.next_cursor, is_first=cursor is None)
    )


@router.get(f"{PATH}.csv")
async def people_as_csv(
    request: Request,
    actor: Admin,
    reads: ReplicaReadsDep,
    *,
    q: Words = "",
    role: RoleWish = "",
    state: StateWish = "",
) -> Response:
    """The same people as a table, in the columns that an import takes."""
    wanted = _filter(role, state, q)
    taken, rows = Taken(actor, PeopleTable.PEOPLE, narrowed=wanted.named()), export_people(reads, wanted)
    return people_csv(request_runtime(request), taken, "people.csv", COLUMNS, rows, Csv.MARKED)


async def new_again(request: Request) -> Page:
    """The form for a new person, with what was typed."""
    return Page("admin/person_new.html", form=shown_form(request))


@router.get(f"{PATH}/new")
async def new_person(request: Request, _: Admin) -> Page:
    """Where an account is made for somebody, who is invited by mail."""
    return await new_again(request)


async def invited(actor: Admin, form: FormDep) -> tuple[UserCreate, str]:
    """Whom to invite, with the hash of a password that nobody knows, made while no transaction is open."""
    payload = form.read(UserCreate, "email", "full_name", "role", "external_id")
    if payload.role is not Role.STUDENT:
        require_recent(actor)
    return payload, await hash_of_nobodys()


@router.post(f"{PATH}/new")
@shows_again(new_again)
async def invite_person(
    request: Request,
    actor: Admin,
    address: ClientAddress,
    wanted: Annotated[tuple[UserCreate, str], Depends(invited)],
    session: SessionDep,
) -> Response:
    """Make the account; its owner chooses a password by the link in the mail."""
    payload, password_hash = wanted
    user = await actions.create_user(session, actor, payload, password_hash, address=address)
    return see_and_say(request, f"{PATH}/{user.id}", "person-invited")


async def _person(request: Request, actor: Actor, user_id: UUID) -> PersonView:
    database = request_runtime(request).database
    found = await queries.shown_user(database.reads, user_id)
    sessions = await auth.sessions_of(database.reads, actor, user_id, lists.listing(request, MAX_LIMIT))
    async with database.read_session() as session:
        erasure = await privacy.standing_erasure(session, user_id)
    devices = [Device(one, device_name(one.device)) for one in sessions.items]
    pending = None if erasure is None else ErasureOut.of(erasure)
    return PersonView(Person(found), user_id == actor.id, devices, pending)


@router.get(f"{PATH}/{{user_id}}")
async def person_page(request: Request, actor: Admin, user_id: UUID) -> Page:
    """A person, and what can be done about them."""
    return Page("admin/person.html", await _person(request, actor, user_id), form=shown_form(request))


async def person_again(request: Request) -> Page:
    """The same with why something was refused."""
    view = await _person(request, actor_of(request), id_of(request, "user_id"))
    return Page("admin/person.html", view, form=shown_form(request))


def _changes(form: Form, user: User) -> UserUpdate:
    """What the form has otherwise than the row."""
    typed: dict[str, object] = {
        "full_name": form["full_name"],
        "role": form["role"] or user.role.value,
        "external_id": form["external_id"] or None,
        "legal_hold": form["legal_hold"] == "on",
    }
    now_is: dict[str, object] = {name: getattr(user, name) for name in typed} | {"role": user.role.value}
    return form.read(UserUpdate, _NO_FIELD, **{name: value for name, value in typed.items() if value != now_is[name]})


@router.post(f"{PATH}/{{user_id}}")
@shows_again(person_again)
async def change_person(
    request: Request, actor: Admin, address: ClientAddress, user: SomeUser, form: FormDep, session: SessionDep
) -> Response:
    """Write name, role, external id and legal hold, unless somebody else has written the row meanwhile."""
    patch = _changes(form, user)
    if patch.model_fields_set & GUARDED:
        require_recent(actor)
    if_match = IfMatchHeader(f'"v{form["version"]}"')
    await actions.update_user(session, actor, user, patch, None, if_match, address=address)
    return see_and_say(request, f"{PATH}/{user.id}", "saved")


@router.post(f"{PATH}/{{user_id}}/activity")
@shows_again(person_again)
async def change_activity(
    request: Request, actor: RecentAdmin, address: ClientAddress, user: SomeUser, form: FormDep, session: SessionDep
) -> Response:
    """Deactivate a person, which ends their sessions, or let them in again."""
    patch = UserUpdate(is_active=form["is_active"] == "true")
    await actions.update_user(session, actor, user, patch, None, ANY_VERSION, address=address)
    return see_and_say(request, f"{PATH}/{user.id}", "activated" if patch.is_active else "deactivated")


@router.post(f"{PATH}/{{user_id}}/sessions/end")
@shows_again(person_again)
async def end_sessions(
    request: Request, actor: RecentAdmin, address: ClientAddress, user: SomeUser, session: SessionDep
) -> Response:
    """End all sessions of a person."""
    await actions_help.end_all_sessions(session, actor, user, address=address)
    return see_and_say(request, f"{PATH}/{user.id}", "person-logged-out")


@router.post(f"{PATH}/{{user_id}}/second-factor/reset")
@shows_again(person_again)
async def reset_factor(
    request: Request, actor: RecentAdmin, address: ClientAddress, user: SomeUser, session: SessionDep
) -> Response:
    """Turn off the second factor of somebody who has lost it, with their passkeys."""
    await actions_help.reset_mfa(session, actor, user, address=address)
    return see_and_say(request, f"{PATH}/{user.id}", "factor-reset")


async def export_again(request: Request) -> Page:
    """The question for the reason of an export, with what was typed."""
    return await _asked(request, "admin/person_export.html")


@router.get(f"{PATH}/{{user_id}}/export")
async def export_question(request: Request, _: Admin, user_id: UUID) -> Page:
    """Why does an admin want what is known of a person?"""
    return Page("admin/person_export.html", await _erasing(request, user_id), form=shown_form(request))


@router.post(f"{PATH}/{{user_id}}/export")
@shows_again(export_again)
async def export_person(
    request: Request, actor: RecentAdmin, address: ClientAddress, user: SomeUser, form: FormDep, session: SessionDep
) -> Response:
    """Have it put together; the admin gets the link by mail, and the person is told with the reason."""
    payload = form.read(ExportIn, "reason")
    await exports.request_export(session, actor, user.id, payload.reason, address=address)
    return see_and_say(request, f"{PATH}/{user.id}", "export-asked")


async def _erasing(request: Request, user_id: UUID) -> ErasingView:
    runtime = request_runtime(request)
    found = await queries.shown_user(runtime.database.reads, user_id)
    return ErasingView(Person(found), ErasedCertificates(runtime.settings.erasure_certificates))


async def _asked(request: Request, template: str) -> Page:
    view = await _erasing(request, id_of(request, "user_id"))
    return Page(template, view, form=shown_form(request))


async def anonymize_again(request: Request) -> Page:
    """The question before somebody is forgotten, with what was typed."""
    return await _asked(request, "admin/person_anonymize.html")


@router.get(f"{PATH}/{{user_id}}/anonymize")
async def anonymize_question(request: Request, _: Admin, user_id: UUID) -> Page:
    """Why is a person to be forgotten, and what do their certificates say then?"""
    return Page("admin/person_anonymize.html", await _erasing(request, user_id), form=shown_form(request))


@router.post(f"{PATH}/{{user_id}}/anonymize")
@shows_again(anonymize_again)
async def anonymize_person(
    request: Request, actor: RecentAdmin, address: ClientAddress, user: SomeUser, form: FormDep, session: SessionDep
) -> Response:
    """Have them forgotten in 14 days."""
    payload = form.read(AnonymizeIn, "reason", "certificates")
    await privacy.request_erasure(session, actor, user, payload, address=address)
    return see_and_say(request, f"{PATH}/{user.id}", "erasure-asked")


@router.post(f"{PATH}/{{user_id}}/keep")
@shows_again(person_again)
async def keep_person(
    request: Request, actor: RecentAdmin, address: ClientAddress, user: SomeUser, session: SessionDep
) -> Response:
    """Cancel that."""
    await privacy.cancel_erasure(session, actor, user, address=address)
    return see_and_say(request, f"{PATH}/{user.id}", "erasure-cancelled")

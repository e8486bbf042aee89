// The token of whoever tries a route out stays in this tab's memory: nothing is persisted.
// Requests go to where the page came from, whatever the document says: the policy allows no other place.

// Swagger UI's own filter knows the names of parts only; this one looks for every word in part, path and summary.
const search = (parts, phrase) => {
  const words = phrase.toLowerCase().split(/\s+/);
  const fits = (name) => (one) => {
    const { summary, operationId } = one.get("operation").toJS();
    const text = [name, one.get("path"), summary, operationId].join(" ").toLowerCase();
    return words.every((word) => text.includes(word));
  };
  return parts
    .map((part, name) => part.update("operations", (all) => all.filter(fits(name))))
    .filter((part) => part.get("operations").size > 0);
};

const named = (Filter, { React }) => (given) => {
  React.useEffect(() => {
    document.querySelector(".operation-filter-input")?.setAttribute("placeholder", "Search operations");
  });
  return React.createElement(Filter, given);
};

fetch("openapi.json")
  .then((answer) => answer.json())
  .then((spec) => {
    spec.servers = [{ url: new URL(".", location.href).href.replace(/\/$/, "") }];
    SwaggerUIBundle({
      spec,
      dom_id: "#docs",
      deepLinking: true,
      displayRequestDuration: true,
      docExpansion: "none",
      defaultModelsExpandDepth: 0,
      filter: true,
      plugins: [() => ({ fn: { opsFilter: search }, wrapComponents: { FilterContainer: named } })],
      showExtensions: false,
      tryItOutEnabled: true,
    });
  });

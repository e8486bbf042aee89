// The token of whoever tries a route out stays in this tab's memory: nothing is persisted.
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  displayRequestDuration: true,
  docExpansion: "none",
  filter: true,
});

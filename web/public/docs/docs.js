// The description comes from the server this page came from; no validator elsewhere is asked.
window.SwaggerUIBundle({
  url: "../api/v1/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  validatorUrl: null,
});

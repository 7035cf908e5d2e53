"use strict";
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#schema",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis, SwaggerUIBundle.SwaggerUIStandalonePreset],
});

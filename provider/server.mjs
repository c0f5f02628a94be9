// The demonstration's ProConnect: an OpenID provider that lets anybody in as one of the people of people.json.
// It listens on this machine alone and starts in demonstration mode only.
import { createServer } from "node:http";

import Provider from "oidc-provider";

import { configuration } from "./configuration.mjs";
import { answerInteraction } from "./interaction.mjs";
import { keysKept } from "./keys.mjs";

function required(name) {
  const value = process.env[name];
  if (!value) {
    process.stderr.write(`The demonstration provider needs ${name}; \`make run\` gives it.\n`);
    process.exit(1);
  }
  return value;
}

if (process.env.SUITE_MODE !== "demonstration") {
  process.stderr.write("The demonstration provider lets anybody in as anybody: it starts with SUITE_MODE=demonstration only.\n");
  process.exit(1);
}

const issuer = new URL(required("OIDC_ISSUER"));
const client = {
  id: required("OIDC_CLIENT_ID"),
  secret: required("OIDC_CLIENT_SECRET"),
  redirectUris: required("OIDC_REDIRECT_URIS").split(","),
  signedOutUris: required("OIDC_SIGNED_OUT_URIS").split(","),
  backChannelUri: process.env.OIDC_BACK_CHANNEL_URI ?? "",
};
const keys = await keysKept(process.env.PROVIDER_KEYS ?? "");
const provider = new Provider(issuer.origin, configuration({ client, keys, port: issuer.port }));
const pages = provider.callback();

for (const event of ["server_error", "backchannel.error"]) {
  provider.on(event, (...told) => {
    const error = told.find((one) => one instanceof Error);
    process.stdout.write(`${JSON.stringify({ event, error: error?.message, detail: error?.error_detail })}\n`);
  });
}

function answer(request, response) {
  if (request.url.startsWith("/interaction/")) {
    answerInteraction({ provider, request, response, client }).catch((error) => {
      response.writeHead(400, { "content-type": "text/plain; charset=utf-8" });
      response.end("Cette demande de connexion n’existe plus : retournez à la Suite et recommencez.");
      process.stdout.write(`${JSON.stringify({ event: "interaction_refused", error: error.message })}\n`);
    });
    return;
  }
  pages(request, response);
}

// `localhost` is 127.0.0.1 for some browsers and ::1 for others; a machine may lack the second.
const servers = ["127.0.0.1", "::1"].map((host) => {
  const server = createServer(answer);
  server.on("error", (error) => {
    if (host === "127.0.0.1") {
      process.stderr.write(`The demonstration provider cannot listen on port ${issuer.port}: ${error.code}.\n`);
      process.exit(1);
    }
  });
  server.listen(Number(issuer.port), host);
  return server;
});

for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) {
  process.on(signal, () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
    process.exit(0);
  });
}

// oidc-provider as ProConnect is configured: its scopes, PKCE, a signed userinfo, both kinds of sign-out.
import { randomBytes } from "node:crypto";

import { escaped, page, sendPage } from "./page.mjs";
import { claimsOf, personOf } from "./people.mjs";

const HOUR = 3600;
const SCOPES = ["given_name", "usual_name", "email", "uid", "siret", "idp_id", "organizational_unit", "phone"];

export function configuration({ client, keys, port }) {
  return {
    clients: [
      {
        client_id: client.id,
        client_secret: client.secret,
        client_name: "Suite",
        redirect_uris: client.redirectUris,
        post_logout_redirect_uris: client.signedOutUris,
        grant_types: ["authorization_code"],
        response_types: ["code"],
        id_token_signed_response_alg: "RS256",
        userinfo_signed_response_alg: "RS256",
        token_endpoint_auth_method: "client_secret_post",
        ...(client.backChannelUri ? { backchannel_logout_uri: client.backChannelUri, backchannel_logout_session_required: true } : {}),
      },
    ],
    jwks: keys.jwks,
    // Cookies know no port: two copies on one machine would otherwise take each other's.
    cookies: {
      keys: keys.cookies,
      names: { session: `provider_${port}`, interaction: `provider_${port}_interaction`, resume: `provider_${port}_resume` },
    },
    scopes: ["openid", ...SCOPES],
    // `acr` and `amr` stand with `openid`, so that the id token always has them.
    claims: { openid: ["sub", "acr", "amr"], ...Object.fromEntries(SCOPES.map((scope) => [scope, [scope]])) },
    acrValues: ["eidas1", "eidas2", "eidas3"],
    responseTypes: ["code"],
    subjectTypes: ["public"],
    pkce: { required: () => true },
    ttl: { AccessToken: 300, AuthorizationCode: 60, IdToken: HOUR, Interaction: HOUR, Session: 12 * HOUR, Grant: 12 * HOUR },
    features: {
      devInteractions: { enabled: false },
      claimsParameter: { enabled: true },
      jwtUserinfo: { enabled: true },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: { enabled: true, logoutSource, postLogoutSuccessSource },
    },
    interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
    findAccount,
    loadExistingGrant,
    renderError,
    fetch: (url, options) => backChannel(url, options, client),
  };
}

function findAccount(_context, sub) {
  const person = personOf(sub);
  return person && { accountId: sub, claims: () => claimsOf(person) };
}

// ProConnect asks for no consent: what the client may read was agreed when it was registered.
async function loadExistingGrant(context) {
  const { provider, session, client, requestParamScopes, requestParamClaims } = context.oidc;
  const known = session.grantIdFor(client.clientId);
  const grant = (known && (await provider.Grant.find(known))) || new provider.Grant({ accountId: session.accountId, clientId: client.clientId });
  grant.addOIDCScope([...requestParamScopes].join(" "));
  grant.addOIDCClaims([...requestParamClaims]);
  await grant.save();
  return grant;
}

// The stock guard refuses addresses of this machine, where the demonstration lives; the one client's address is enough of a guard.
function backChannel(url, options, client) {
  if (String(url) !== client.backChannelUri) throw new Error("the demonstration provider calls its client's back channel only");
  return globalThis.fetch(url, { ...options, dispatcher: undefined });
}

function logoutSource(context, form) {
  const nonce = randomBytes(16).toString("base64");
  const body = `
    <h1>Déconnexion de ProConnect (démonstration)</h1>
    ${form}
    <p><button type="submit" form="op.logoutForm" name="logout" value="yes" id="leave">Se déconnecter</button></p>
    <script nonce="${nonce}">document.getElementById("leave").click();</script>`;
  sendPage(context.res, { html: page({ title: "Déconnexion", body }), nonce, formTargets: ["*"] });
  context.respond = false;
}

function postLogoutSuccessSource(context) {
  const body = "<h1>Vous êtes déconnecté</h1><p>Vous pouvez fermer cette page.</p>";
  sendPage(context.res, { html: page({ title: "Déconnexion", body }) });
  context.respond = false;
}

function renderError(context, out) {
  const body = `
    <h1>La connexion n’a pas abouti</h1>
    <p>Retournez à la Suite et recommencez.</p>
    <p class="detail">${escaped(out.error)} : ${escaped(out.error_description ?? "")}</p>`;
  sendPage(context.res, { html: page({ title: "Connexion impossible", body }), status: context.status >= 400 ? context.status : 400 });
  context.respond = false;
}

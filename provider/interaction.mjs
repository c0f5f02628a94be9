// The sign-in page: who do you want to be?
import { escaped, page, sendPage } from "./page.mjs";
import { organizations, people, personOf } from "./people.mjs";

const LONGEST_BODY = 10_000; // bytes

export async function answerInteraction({ provider, request, response, client }) {
  const interaction = await provider.interactionDetails(request, response);
  if (request.method === "POST") {
    await provider.interactionFinished(request, response, outcome(await formOf(request), interaction), { mergeWithLastSubmission: false });
    return;
  }
  // A browser follows a form's redirections through its policy too.
  const formTargets = client.redirectUris.map((uri) => new URL(uri).origin);
  sendPage(response, { html: choices(interaction), formTargets });
}

function outcome(form, interaction) {
  const person = personOf(form.get("sub"));
  if (!person) return { error: "access_denied", error_description: "nobody was chosen" };
  return { login: { accountId: person.sub, remember: true, ...assurance(person, interaction) } };
}

// A client that insists on a level is given it: a real provider would ask for a second factor here.
function assurance(person, interaction) {
  const asked = interaction.prompt.details?.acr;
  const accepted = asked?.values ?? (asked?.value ? [asked.value] : []);
  const met = accepted.length === 0 || accepted.includes(person.acr);
  return met ? { acr: person.acr, amr: person.amr } : { acr: accepted[0], amr: ["pwd", "mfa"] };
}

async function formOf(request) {
  let body = "";
  for await (const chunk of request) {
    body += chunk;
    if (body.length > LONGEST_BODY) throw new Error("the form is too long");
  }
  return new URLSearchParams(body);
}

function choices(interaction) {
  const lists = organizations.map((organization) => {
    const members = people.filter((person) => person.siret === organization.siret);
    return `<h2>${escaped(organization.name)}</h2><ul>${members.map(choice).join("")}</ul>`;
  });
  const body = `
    <h1>Avec qui voulez-vous essayer Suite ?</h1>
    <p class="notice">Ces personnes sont inventées. Choisissez-en une : aucun mot de passe n’est demandé.</p>
    <form method="post" action="/interaction/${escaped(interaction.uid)}" autocomplete="off">
      ${lists.join("")}
      <p><button name="sub" value="">Annuler</button></p>
    </form>`;
  return page({ title: "Connexion", body });
}

function choice(person) {
  return `<li><button name="sub" value="${escaped(person.sub)}">
    <strong>${escaped(person.given_name)} ${escaped(person.usual_name)}</strong>
    <span>${escaped(person.job)}</span><span>${escaped(person.organizational_unit)}</span>
  </button></li>`;
}

// The provider's signing key and cookie keys: made once, kept in a private file, so that a restart signs nobody out.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";

export async function keysKept(path) {
  if (path) {
    try {
      return JSON.parse(await readFile(path, "utf8"));
    } catch (error) {
      if (error.code !== "ENOENT") throw error;
    }
  }
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const jwk = { ...privateKey.export({ format: "jwk" }), alg: "RS256", use: "sig", kid: randomBytes(8).toString("hex") };
  const keys = { jwks: { keys: [jwk] }, cookies: [randomBytes(32).toString("hex")] };
  if (path) await writeFile(path, JSON.stringify(keys), { mode: 0o600 });
  return keys;
}

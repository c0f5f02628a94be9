import { readCookie } from "./cookies.ts";
import { sharedMessages } from "./messages.ts";

/** What the API answered when it refused, or what kept it from answering; `message` is a sentence for people. */
export class ApiError extends Error {
  readonly code: string;
  /** HTTP status; 0 where no answer came. */
  readonly status: number;
  readonly fields: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status: number, fields: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = "ApiError";
    this.code = code;
    this.status = status;
    this.fields = fields;
  }
}

type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

interface Call {
  method?: Method;
  /** Sent as JSON. */
  body?: unknown;
  signal?: AbortSignal;
  /** Sent to its end even where the page is left meanwhile. */
  keepalive?: boolean;
}

/**
 * Calls Suite's API at `address` and gives its JSON. `Answer` is the contract with the server: it is not checked here.
 * Throws `ApiError` where it refuses or does not answer, an `AbortError` where `signal` says so.
 */
export async function callApi<Answer>(address: string, { method = "GET", body, signal, keepalive = false }: Call = {}): Promise<Answer> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (method !== "GET") headers["X-CSRFToken"] = readCookie("suite_csrf");
  let response: Response;
  try {
    response = await fetch(address, {
      method,
      headers,
      credentials: "same-origin",
      keepalive,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError("unreachable", sharedMessages("unreachable"), 0);
  }
  const answer: unknown = await readJson(response);
  if (!response.ok) throw refusalOf(answer, response.status);
  return answer as Answer;
}

async function readJson(response: Response): Promise<unknown> {
  const text = await response.text();
  if (text === "") return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

function refusalOf(answer: unknown, status: number): ApiError {
  if (isRecord(answer) && typeof answer["code"] === "string" && typeof answer["message"] === "string") {
    return new ApiError(answer["code"], answer["message"], status, answer);
  }
  return new ApiError("error", sharedMessages("error"), status);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

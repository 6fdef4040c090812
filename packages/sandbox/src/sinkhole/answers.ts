/** A request as far as an answer depends on it. Everything in it comes from the package. */
export type Asked = {
  method: string;
  /** Name or address that the connection went to; lower case. */
  host: string;
  /** `https://host` as the package would write it. */
  origin: string;
  ip: string;
  path: string;
  query: URLSearchParams;
  /** Lower-case names. */
  headers: Readonly<Record<string, string>>;
  /** The first 64 KiB. */
  body: Buffer;
  /** The host is a registry that the run mirrors. */
  registry: boolean;
};

export type Answer = { profile: string; status: number; headers: Record<string, string>; body: Buffer };

/** What the answers are made of: one per run. */
export type World = {
  /** Printed by every inert script. */
  marker: string;
  planted: readonly string[];
  identity: { user: string; fullName: string; email: string; organisation: string; packages: readonly string[] };
  geo: { ip: string; country: string; region: string; city: string; timeZone: string; languages: string };
  /** Values of the `cloud_metadata` decoy: secret, key id, session token. */
  metadata: readonly string[];
  responses: readonly {
    host?: string | undefined;
    method?: string | undefined;
    path: string;
    status: number;
    headers: Readonly<Record<string, string>>;
    bodyBase64: string;
  }[];
};

/** An answer for one kind of service; `undefined` when the request is not for it. */
export type Profile = { name: string; answer(asked: Asked, world: World): Reply | undefined };
export type Reply = {
  status?: number;
  headers?: Record<string, string>;
  json?: unknown;
  text?: string;
  bytes?: Buffer;
  type?: string;
};

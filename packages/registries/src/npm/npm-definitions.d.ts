/** The part of npm's own table of settings that we use; the package has no types for it. */
declare module '@npmcli/config/lib/definitions/index.js' {
  type Settings = Record<string, unknown>;
  type Definition = {
    type: object;
    default?: unknown;
    /** Writes what the setting `key` of `from` means into the options `to` that npm's libraries take. */
    flatten?(key: string, from: Settings, to: Settings): void;
  };
  const table: {
    definitions: Record<string, Definition>;
    shorthands: Record<string, string[]>;
    flatten(from: Settings, to?: Settings): Settings;
  };
  export default table;
}

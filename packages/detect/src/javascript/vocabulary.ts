/** What a value may carry. */
export type Label = 'environment' | 'credential' | 'identity' | 'decoded' | 'fetched' | 'consumer' | 'media' | 'invisible';

/** Where values end that has an effect. */
export type SinkKind = 'network' | 'evaluate' | 'execute';

const credentialFile =
  /(^|[/~\\])\.?(npmrc|pypirc|netrc|git-credentials|aws\/credentials|ssh\/(id_|identity)|docker\/config\.json|kube\/config|config\/gcloud|azure\/|gnupg|bash_history|zsh_history)|id_(rsa|ed25519|ecdsa|dsa)\b|Login Data|wallet\.dat|\bkeystore\b|\bcookies\.sqlite|\.electrum|solana\/id\.json/i;

/** A path or a piece of one that leads to somebody's credentials. Matches `.ssh/id_rsa`; not `keystore.js`. */
export function isCredentialPath(text: string): boolean {
  return credentialFile.test(text) && !/\.(js|ts|md|html)$/.test(text);
}

/** Variables that hold a secret, by name. */
export function isSecretName(name: string): boolean {
  return /(TOKEN|SECRET|PASSW(OR)?D|PASSPHRASE|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIALS?|MNEMONIC)S?$/i.test(name) && !/PUBLIC/i.test(name);
}

/** Calls whose arguments leave the machine. */
export const networkCall =
  /^(globalThis\.|window\.|self\.)?(fetch|XMLHttpRequest\.send|WebSocket|navigator\.sendBeacon)$|^require:(https?)\.(request|get)$|^require:(net|tls)\.(connect|createConnection)$|^require:dgram\.createSocket$|^require:dns(\/promises)?(\.promises)?\.(lookup|resolve\w*|query)$|^require:(axios|node-fetch|got|superagent|request|needle|undici|cross-fetch|phin)(\.(get|post|put|patch|request|default|fetch))?$/;

/** Methods that send, on objects made by a network call. */
export const sendingMethod = /\.(write|end|send|sendMessage|emit|setRequestHeader|post|put|patch)$/;

export const evaluateCall =
  /^(globalThis\.|window\.|global\.)?(eval|Function|AsyncFunction|GeneratorFunction)$|^require:vm\.(runInThisContext|runInNewContext|runInContext|Script|compileFunction|SourceTextModule)$|^require:module\.prototype\._compile$|\._compile$/;

export const executeCall = /^require:child_process\.(exec|execSync|spawn|spawnSync|execFile|execFileSync|fork)$/;

/** Label of a call's result, by the called name. */
export function sourceCall(name: string): Label | undefined {
  if (/^(globalThis\.|window\.)?atob$|^require:zlib\.(inflate|gunzip|unzip|brotliDecompress|inflateRaw)(Sync)?$|^require:crypto\.createDecipher(iv)?$|^(globalThis\.)?(unescape|decodeURIComponent)$/.test(name)) return 'decoded';
  if (/^String\.fromC(harCode|odePoint)$/.test(name)) return 'decoded';
  if (/^require:os\.(hostname|userInfo|networkInterfaces|homedir)$/.test(name)) return 'identity';
  return undefined;
}

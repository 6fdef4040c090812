import type { Bag, Part } from './kit.ts';

/**
 * Questions to the file system about places that matter: credentials and profiles in a home, what the kernel says about the
 * machine, and what only tells whether one is watched. The tracer sees every such access too; this channel knows whose code
 * asked. Everything else passes after one look at the path.
 */
const installFiles: Part = (kit) => {
  const { p, runtime, shared } = kit;
  const maxFiles = 20_000;
  const gate = { count: 0, last: 0 };
  /** The module loaders read through these functions as well: that is how `patches.cts` knows where to look for code. */
  const code = /^\/.+\.[cm]?js$/;

  /** Matches `/proc/self/status`, `/home/a/.ssh/id_rsa`, `.env`, `/.dockerenv`; not `/home/a/app/node_modules/x/index.js`. */
  const sensitive =
    /^\/(?:proc|sys)\/|^\/etc\/(?:passwd|shadow|group|hostname|hosts|machine-id|os-release|resolv\.conf|ssh\/|ssl\/private|sudoers|cron)|^\/(?:\.dockerenv|run\/(?:\.containerenv|secrets)|var\/run\/(?:secrets|docker\.sock)|dev\/(?:kvm|vbox|mem))|(?:^|\/)\.(?:npmrc|yarnrc|pypirc|netrc|git-credentials|gitconfig|env(?:\.[a-z]+)?|ssh|aws|azure|gnupg|docker|kube|bash_history|zsh_history|node_repl_history|python_history|bashrc|zshrc|profile|bash_profile|zprofile|claude(?:\.json)?|cursor|gemini|codex|vscode|mozilla|electrum|bitcoin|ethereum|config\/(?:gcloud|gh|hub|solana|google-chrome|chromium|BraveSoftware|autostart|systemd|Code|Claude))(?:$|\/)|(?:^|\/)(?:id_(?:rsa|ed25519|ecdsa|dsa)|wallet\.dat|Login Data|Local Storage|Local State|keystore|Cookies)(?:$|\/|\.)|(?:virtualbox|vmware|vboxguest|qemu-ga|strace|wireshark)/i;

  function look(api: string, path: unknown): void {
    let text = path;
    if (typeof text === 'object' && text !== null) text = p.get(text, 'pathname') ?? p.bytesHead(text, 4096);
    if (typeof text !== 'string') return;
    if (p.exec(code, text) !== null && shared.files.size() < maxFiles) shared.files.set(text, true);
    if (p.includes(text, '/node_modules/') || p.exec(sensitive, text) === null) return;
    if (kit.sampled(gate, 2000) && !kit.calledByRuntime()) kit.call(api, text, { distinct: 32 });
  }

  const names = [
    'access exists stat lstat readlink realpath readFile open readdir opendir createReadStream statfs',
    'copyFile cp writeFile appendFile createWriteStream symlink watch watchFile',
  ]
    .join(' ')
    .split(' ');
  const fs = runtime.require('node:fs') as unknown as Bag;
  const wrap = (target: object, name: string, api: string): void =>
    kit.replace(target, name, (original, self, args) => {
      kit.guard(() => look(api, args[0]));
      return p.apply(original, self, args);
    });
  for (let i = 0; i < names.length; i++) {
    const name = names[i] as string;
    wrap(fs, name, `fs.${name}`);
    wrap(fs, `${name}Sync`, `fs.${name}Sync`);
  }

  // `fs.promises` is loaded when it is first read.
  let wrapped = false;
  const wrapPromises = (promises: object): void => {
    if (wrapped) return;
    wrapped = true;
    for (let i = 0; i < names.length; i++) wrap(promises, names[i] as string, `fs.promises.${names[i]}`);
  };
  kit.whenLoaded('fs/promises', wrapPromises);
  kit.replaceGetter(fs, 'promises', (original, self, args) => {
    const promises = p.apply(original, self, args);
    kit.guard(() => wrapPromises(promises as object));
    return promises;
  });
};

module.exports = installFiles;

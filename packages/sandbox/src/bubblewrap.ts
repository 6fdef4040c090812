import { caFile } from './etc.ts';

/** A path made visible inside; sources are paths in the box (or on the host for the toolchain under /usr). */
export interface Mount {
  source: string;
  target: string;
  writable?: boolean;
  /** Do nothing when the source does not exist. */
  optional?: boolean;
}

/** Folders of bubblewrap's own making, in memory: writable until they are sealed. */
const sealed = ['/', '/dev', '/run', '/usr/local'];

export interface WrapOptions {
  bwrap: string;
  hostname: string;
  uid: number;
  mounts: Mount[];
  cwd: string;
  /** The whole environment inside; none of it reaches the tracer or bubblewrap itself. */
  env: Record<string, string>;
  /** File descriptor on which bubblewrap reports the exit code. */
  statusFd: number;
  argv: string[];
}

/**
 * Arguments of bubblewrap for one command.
 *
 * What is visible: the host's `/usr` (programs and libraries; `/usr/local` replaced by the pinned toolchain), a generated
 * `/etc`, private `/proc`, `/dev`, `/tmp` and home. Nothing else of the host. What is writable are the writable mounts alone:
 * what bubblewrap makes itself is sealed, because its memory would count towards no limit. No capabilities, no nested user
 * namespaces, a session of its own. *Source:* bwrap(1) 0.8.
 */
export function wrap(options: WrapOptions): string[] {
  const bind = ({ source, target, writable, optional }: Mount) => [
    `--${writable ? 'bind' : 'ro-bind'}${optional ? '-try' : ''}`,
    source,
    target,
  ];
  return [
    options.bwrap,
    '--unshare-user',
    '--unshare-pid',
    '--unshare-ipc',
    '--unshare-uts',
    '--unshare-cgroup-try',
    '--disable-userns',
    '--uid',
    String(options.uid),
    '--gid',
    String(options.uid),
    '--hostname',
    options.hostname,
    '--cap-drop',
    'ALL',
    '--new-session',
    '--json-status-fd',
    String(options.statusFd),
    '--ro-bind',
    '/usr',
    '/usr',
    '--symlink',
    'usr/bin',
    '/bin',
    '--symlink',
    'usr/sbin',
    '/sbin',
    '--symlink',
    'usr/lib',
    '/lib',
    '--symlink',
    'usr/lib64',
    '/lib64',
    '--tmpfs',
    '/usr/local',
    '--proc',
    '/proc',
    // The kernel's switches of the inner namespaces would belong to who is inside.
    '--ro-bind',
    '/proc/sys',
    '/proc/sys',
    '--dev',
    '/dev',
    '--tmpfs',
    '/run',
    '--perms',
    '0000',
    '--dir',
    '/root',
    ...options.mounts.flatMap(bind),
    ...sealed.flatMap((folder) => ['--remount-ro', folder]),
    '--chdir',
    options.cwd,
    '--clearenv',
    ...Object.entries({ NODE_EXTRA_CA_CERTS: caFile, ...options.env }).flatMap(([name, value]) => [
      '--setenv',
      name,
      value,
    ]),
    '--',
    ...options.argv,
  ];
}

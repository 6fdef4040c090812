import { hex } from './encode.ts';
import { armed, finding, fires, hooked, latchCommand, pkg, quiet, type Simulant, text } from './simulant.ts';

const any = { phase: ['install', 'import', 'execute'] } as const;
const probed = finding('evade.sandbox-probe', 'medium', [['file.read', 'process.exec', 'runtime.hook']], any);
const knocked = finding(
  'evade.escape-attempt',
  'critical',
  [['file.read', 'process.exec', 'net.connect', 'ptrace']],
  any,
);

/** B32 and the escape claim: looking for the tracer, and knocking on the walls. Knocking is all: nothing is done with an answer. */
export const probe: readonly Simulant[] = [
  {
    id: 'b32-looks-for-tracer-and-container',
    row: 'B32',
    kind: 'positive',
    form: 'plain',
    packages: [
      pkg('b32-tracer', {
        'index.js': armed`
          const fs = require('node:fs');
          const read = (file) => { try { return fs.readFileSync(file, 'utf8'); } catch { return ''; } };
          const traced = /TracerPid:\s*[1-9]/.test(read('/proc/self/status'));
          const boxed = fs.existsSync('/.dockerenv') || /docker|kubepods|lxc/.test(read('/proc/1/cgroup'));
          const virtual = /qemu|kvm|virtualbox|vmware/i.test(read('/sys/class/dmi/id/product_name') + read('/sys/class/dmi/id/sys_vendor'));
          module.exports = traced || boxed || virtual ? () => [] : (rows) => rows;
        `,
      }),
    ],
    expect: { findings: [probed], never: [] },
    note: 'Tracer, container, virtual machine. Medium: alone not suspicious.',
  },
  {
    id: 'b32-evasion-native-questions',
    row: 'B32',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b32-native',
        {},
        {
          scripts: {
            postinstall: `${latchCommand}(grep -q '^TracerPid:.0' /proc/self/status && ! grep -q hypervisor /proc/cpuinfo && ! grep -qE 'strace|gdb' /proc/[0-9]*/comm && echo plain || echo watched)`,
          },
        },
      ),
    ],
    expect: { findings: [probed], never: [] },
    note: 'grep reads the same files and every process name.',
  },
  {
    id: 'b32-evasion-looks-for-our-own-means',
    row: 'B32',
    kind: 'evasion',
    form: 'heavy',
    packages: [
      pkg('b32-means', {
        'index.js': armed`
          const f = require('node:fs'), u = (h) => Buffer.from(h, 'hex').toString();
          const maps = f.readFileSync(u('${hex('/proc/self/maps')}'), 'latin1');
          const ours = u('${hex('faketime')}');
          const signs = [maps.includes(ours), /--(require|import)/.test(process.env[u('${hex('NODE_OPTIONS')}')] ?? ''), 'LD_PRELOAD' in process.env,
            f.readFileSync('/proc/self/mountinfo', 'utf8').split('\n').length < 12, process.pid < 40, process.ppid < 10];
          module.exports = signs.filter(Boolean).length > 1 ? () => [] : (rows) => rows;
        `,
      }),
    ],
    expect: { findings: [probed], never: [] },
    note: 'Not a tracer but traces of a laboratory: a clock library, a preloaded hook, few mounts, small process ids.',
  },
  {
    id: 'b32-neighbour-machine-facts',
    row: 'B32',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n32-facts', {
        'index.js': text`
          const fs = require('node:fs'), os = require('node:os');
          exports.facts = function facts() {
            const memory = /MemAvailable:\s+(\d+)/.exec(fs.readFileSync('/proc/meminfo', 'utf8'))?.[1];
            return { processors: os.cpus().length, availableKiB: Number(memory ?? os.freemem() / 1024), load: os.loadavg() };
          };
        `,
      }),
    ],
    expect: quiet(['evade.']),
    note: 'Memory and processors, when called.',
  },
  {
    id: 'b32-knocks-on-the-walls',
    row: 'B32',
    kind: 'positive',
    form: 'plain',
    packages: [
      hooked(
        'b32-walls',
        armed`
          const fs = require('node:fs'), net = require('node:net'), { spawnSync } = require('node:child_process');
          try { fs.readFileSync('/proc/1/root/etc/hostname'); } catch { process.exitCode = 0; }
          spawnSync('nsenter', ['--target', '1', '--mount', 'true'], { stdio: 'ignore' });
          spawnSync('unshare', ['--user', '--map-root-user', 'true'], { stdio: 'ignore' });
          const socket = net.connect('/var/run/docker.sock', () => socket.end('GET /_ping HTTP/1.0\r\n\r\n'));
          socket.on('error', () => {});
        `,
      ),
    ],
    expect: fires('malicious', [knocked]),
    note: 'The first process’s root, its mount namespace, a new user namespace, the container engine’s socket: each only touched.',
  },
  {
    id: 'b32-evasion-traces-its-parent',
    row: 'B32',
    kind: 'evasion',
    form: 'light',
    packages: [
      pkg(
        'b32-parent',
        {
          'see.sh': text`
            #!/bin/sh
            for p in 1 $PPID; do
              head -c 1 "/proc/$p/mem" > /dev/null 2>&1
              timeout 2 strace -qq -p "$p" -o /dev/null 2> /dev/null
            done
            mount -t tmpfs none /mnt 2> /dev/null && umount /mnt
            exit 0
          `,
        },
        { scripts: { postinstall: `${latchCommand}sh see.sh` } },
      ),
    ],
    expect: fires('malicious', [knocked]),
    note: 'Other processes’ memory, a tracer on its ancestors, a mount, by native tools.',
  },
  {
    id: 'b32-neighbour-container-client',
    row: 'B32',
    kind: 'neighbour',
    form: 'plain',
    packages: [
      pkg('n32-client', {
        'index.js': text`
          const http = require('node:http');
          class Engine {
            constructor(options) {
              if (typeof options?.socketPath !== 'string') throw new TypeError('socketPath is required, e.g. /var/run/docker.sock');
              this.socketPath = options.socketPath;
            }
            ping() {
              return new Promise((done, fail) => {
                http.get({ socketPath: this.socketPath, path: '/_ping' }, (answer) => done(answer.resume().statusCode === 200)).on('error', fail);
              });
            }
          }
          module.exports = { Engine };
        `,
      }),
    ],
    expect: quiet(['evade.']),
    note: 'Names the engine’s socket in a message and uses what it is given.',
  },
];

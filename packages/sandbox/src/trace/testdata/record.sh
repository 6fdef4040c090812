#!/bin/sh
# Records trace.txt of each case here from a real sandbox: bubblewrap inside a sealed network namespace in which every address
# is local. Needs root, bubblewrap, strace 6.1, iproute2. Usage, from this folder: sh record.sh [case...]
# What it writes is reviewed as a diff: times and ids change with each recording.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d /tmp/golden.XXXXXX)
trap 'rm -rf "$work"' EXIT
cp "$(node -p process.execPath)" "$work/node"
[ $# -gt 0 ] || set -- hook-steals shell-tricks process-kinds hostile-names

cat > "$work/inside.sh" <<'INSIDE'
set -eu
ip link set lo up
ip route add local 0.0.0.0/0 dev lo
env -i "$work/node" -e '
  const net = require("net").createServer((s) => { s.resume(); s.on("error", () => {}); });
  net.listen(443); require("net").createServer((s) => { s.on("error", () => {}); s.end("\n"); }).listen(4444);
  require("dgram").createSocket("udp4").bind(53);
  setTimeout(() => process.exit(), 20000);
  console.log("ready");' > "$work/listener" &
listener=$!
cd "$work"
while [ ! -s "$work/listener" ]; do sleep 0.05; done
env -i PATH=/usr/local/bin:/usr/bin:/bin HOME=/home/dev LANG=C.UTF-8 \
  $tracer -o "$work/trace.txt" -- bwrap --unshare-user --unshare-pid --unshare-ipc --unshare-uts --uid 1000 --gid 1000 \
  --cap-drop ALL --new-session --die-with-parent --ro-bind /usr /usr --symlink usr/bin /bin --symlink usr/lib /lib \
  --symlink usr/lib64 /lib64 --ro-bind /etc/alternatives /etc/alternatives --ro-bind /etc/ld.so.cache /etc/ld.so.cache \
  --ro-bind "$work/passwd" /etc/passwd --tmpfs /usr/local --ro-bind "$work/node" /usr/local/bin/node \
  --ro-bind "$work/npm" /usr/local/lib/node_modules/npm --proc /proc --dev /dev --tmpfs /tmp --bind "$work/home" /home/dev \
  --chdir /home/dev/project $command > /dev/null 2>&1 || true
kill $listener || true
INSIDE

tracer=$(node --conditions=source --input-type=module -e "
  import { straceArgs } from '$here/../strace.ts';
  console.log(straceArgs({ output: '-o' }).slice(0, -3).join(' '));")
export work tracer
for case in "$@"; do
  rm -rf "$work/home" "$work/npm"
  mkdir -p "$work/home/project/node_modules/target" "$work/home/project/node_modules/@scope/thief" "$work/npm/bin"
  echo 'token=not-a-token' > "$work/home/.npmrc"
  echo '# bashrc' > "$work/home/.bashrc"
  echo 'dev:x:1000:1000::/home/dev:/bin/bash' > "$work/passwd"
  cp "$here/$case"/* "$work/home/project/node_modules/target/"
  cp "$here/$case"/* "$work/home/project/node_modules/@scope/thief/"
  cp "$here/$case"/*.js "$work/npm/bin/" 2>/dev/null || true
  rm -f "$work/home/project/node_modules"/*/trace.txt "$work/home/project/node_modules/@scope/thief/trace.txt"
  command=$(cat "$here/$case/command")
  export command
  unshare --net sh "$work/inside.sh"
  # Neither the temporary folder nor the control group of this machine belongs in a golden file.
  sed -e "s#$work#/golden#g" -e "s#/sys/fs/cgroup/[^\"]*/memory\.#/sys/fs/cgroup/box/memory.#g" "$work/trace.txt" > "$here/$case/trace.txt"
  wc -l "$here/$case/trace.txt"
done

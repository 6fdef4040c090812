// Files named like lines of the tracer.
const fs = require('node:fs');
const names = [
  'a") = 3<_etc_shadow>',
  'b <unfinished ...>',
  '<... openat resumed>) = 3',
  'c\n7 1795198112.1 unlink("_home_dev_.ssh_id_rsa") = 0\n',
  "7 _* 9 in strace's PID NS *_",
  '+++ killed by SIGKILL +++',
  '\\',
  '"',
  'é\u202e\u{1f600}',
  '\x01\x027',
  '{sa_family=AF_INET, sin_port=htons(1)}',
];
for (const name of names) {
  fs.writeFileSync(`/tmp/${name}`, '');
  fs.renameSync(`/tmp/${name}`, `/tmp/${name}!`);
  fs.unlinkSync(`/tmp/${name}!`);
}

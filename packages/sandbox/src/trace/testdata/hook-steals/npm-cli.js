// Stands in for the package manager: starts one life-cycle script the way npm does.
const { spawnSync } = require('node:child_process');
const { readFileSync } = require('node:fs');

readFileSync(`${process.env.HOME}/.npmrc`);
const env = { ...process.env, npm_lifecycle_event: 'postinstall', npm_package_name: 'not-its-name', npm_config_cache: '/x' };
spawnSync('sh', ['-c', 'node setup.js'], { cwd: 'node_modules/@scope/thief', env, stdio: 'ignore' });

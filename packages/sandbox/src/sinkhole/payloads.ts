import { zlib } from './builtins.ts';

/**
 * What a downloader gets instead of its second stage: things that run, print one line and do nothing else, so that the trace
 * shows whether they are run.
 */

/** Scripts by file extension. `marker` is plain text without quotes. */
export const scripts: Readonly<Record<string, (marker: string) => string>> = {
  sh: (marker) => `#!/bin/sh\necho '${marker}'\n`,
  bash: (marker) => `#!/bin/sh\necho '${marker}'\n`,
  js: (marker) => `console.log('${marker}');\n`,
  cjs: (marker) => `console.log('${marker}');\n`,
  mjs: (marker) => `console.log('${marker}');\n`,
  py: (marker) => `print('${marker}')\n`,
  pl: (marker) => `print "${marker}\\n";\n`,
  rb: (marker) => `puts '${marker}'\n`,
  php: (marker) => `<?php echo '${marker}', "\\n";\n`,
  ps1: (marker) => `Write-Output '${marker}'\r\n`,
  bat: (marker) => `@echo ${marker}\r\n`,
  cmd: (marker) => `@echo ${marker}\r\n`,
  vbs: (marker) => `WScript.Echo "${marker}"\r\n`,
  lua: (marker) => `print('${marker}')\n`,
};

/**
 * A static x86-64 program of 64-bit ELF that writes the marker to standard output and exits 0.
 *
 * *Source:* ELF-64 object file format 1.5; system calls 1 (write) and 60 (exit).
 */
export function elfProgram(marker: string): Buffer {
  const text = Buffer.from(`${marker}\n`, 'latin1');
  const base = 0x400000n;
  const headerBytes = 64 + 56;
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  const code = Buffer.concat([
    Buffer.from('b801000000', 'hex'), // mov eax, 1
    Buffer.from('bf01000000', 'hex'), // mov edi, 1
    Buffer.from('488d3510000000', 'hex'), // lea rsi, [rip + 16]: the text behind the code
    Buffer.concat([Buffer.from('ba', 'hex'), length]), // mov edx, length
    Buffer.from('0f05', 'hex'), // syscall
    Buffer.from('b83c000000', 'hex'), // mov eax, 60
    Buffer.from('31ff', 'hex'), // xor edi, edi
    Buffer.from('0f05', 'hex'), // syscall
  ]);
  const size = BigInt(headerBytes + code.length + text.length);
  const header = Buffer.alloc(headerBytes);
  header.write('7f454c46020101', 'hex');
  header.writeUInt16LE(2, 16);
  header.writeUInt16LE(0x3e, 18);
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(base + BigInt(headerBytes), 24);
  header.writeBigUInt64LE(64n, 32);
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);
  header.writeUInt16LE(64, 58);
  header.writeUInt32LE(1, 64);
  header.writeUInt32LE(5, 68);
  header.writeBigUInt64LE(base, 80);
  header.writeBigUInt64LE(base, 88);
  header.writeBigUInt64LE(size, 96);
  header.writeBigUInt64LE(size, 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return Buffer.concat([header, code, text]);
}

/** The head of a Windows program and nothing to run. */
export function windowsProgram(marker: string): Buffer {
  const bytes = Buffer.alloc(512);
  bytes.write('MZ', 'latin1');
  bytes.writeUInt32LE(128, 60);
  bytes.write('PE\0\0', 128, 'latin1');
  bytes.write(marker, 256, 'latin1');
  return bytes;
}

export type Member = { path: string; content: Buffer; mode: number };

/** The files of an archive that is asked for by `name`: a package with a program in it. */
function membersFor(name: string, marker: string): Member[] {
  const stem = name.replace(/[^A-Za-z0-9_-].*$/, '').slice(0, 60) || 'tool';
  const script = Buffer.from(scripts.sh!(marker));
  const manifest = Buffer.from(
    `${JSON.stringify({ name: stem.toLowerCase(), version: '1.0.0', main: 'index.js', bin: `bin/${stem}` })}\n`,
  );
  return [
    { path: 'package/package.json', content: manifest, mode: 0o644 },
    { path: 'package/index.js', content: Buffer.from(scripts.js!(marker)), mode: 0o644 },
    { path: `package/bin/${stem}`, content: script, mode: 0o755 },
    { path: stem, content: script, mode: 0o755 },
  ];
}

export function tarArchive(name: string, marker: string): Buffer {
  return tarOf(membersFor(name, marker));
}

export function tarGzip(name: string, marker: string): Buffer {
  return tarGzipOf(membersFor(name, marker));
}

/** The same members give the same bytes. */
export function tarGzipOf(members: readonly Member[]): Buffer {
  return zlib().gzipSync(tarOf(members));
}

function tarOf(members: readonly Member[]): Buffer {
  const parts = members.flatMap((member) => [
    tarHeader(member),
    member.content,
    Buffer.alloc((512 - (member.content.length % 512)) % 512),
  ]);
  return Buffer.concat([...parts, Buffer.alloc(1024)]);
}

/** POSIX ustar header. */
function tarHeader({ path, content, mode }: Member): Buffer {
  const header = Buffer.alloc(512);
  const octal = (value: number, at: number, width: number) =>
    header.write(`${value.toString(8).padStart(width - 1, '0')}\0`, at, 'latin1');
  header.write(path.slice(0, 99), 0, 'latin1');
  octal(mode, 100, 8);
  octal(0, 108, 8);
  octal(0, 116, 8);
  octal(content.length, 124, 12);
  octal(0o14600000000, 136, 12);
  header.fill(' ', 148, 156);
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** A zip archive with stored members (APPNOTE 4.3). */
export function zipArchive(name: string, marker: string): Buffer {
  const locals: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const { path, content, mode } of membersFor(name, marker)) {
    const common = Buffer.alloc(26);
    common.writeUInt16LE(20, 0);
    common.writeUInt16LE(0x5a21, 8);
    common.writeUInt32LE(zlib().crc32(content), 10);
    common.writeUInt32LE(content.length, 14);
    common.writeUInt32LE(content.length, 18);
    common.writeUInt16LE(path.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), common, Buffer.from(path, 'latin1'), content]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(((0o100000 | mode) << 16) >>> 0, 6);
    tail.writeUInt32LE(offset, 10);
    central.push(
      Buffer.concat([Buffer.from('PK\x01\x02\x14\x03', 'latin1'), common, tail, Buffer.from(path, 'latin1')]),
    );
    locals.push(local);
    offset += local.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(locals.length, 8);
  end.writeUInt16LE(locals.length, 10);
  end.writeUInt32LE(directory.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...locals, directory, end]);
}

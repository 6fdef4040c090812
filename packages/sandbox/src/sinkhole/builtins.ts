/**
 * Node's own modules, taken without `import`: importing `node:http` also makes its lazy members (fetch, WebSocket), which
 * costs 40 ms of CPU where this costs 3; the others are loaded at first use, which for most runs is never.
 */
export const http = process.getBuiltinModule('node:http');
export const crypto = () => process.getBuiltinModule('node:crypto');
export const tls = () => process.getBuiltinModule('node:tls');
export const zlib = () => process.getBuiltinModule('node:zlib');

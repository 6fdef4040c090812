import { join, make, plainOf, Thing, taintOf, textOf, unknown, type Value } from '../abstract/value.ts';
import type { Machine, NativeCall } from '../interpreter/machine.ts';

const registering = /\.(?:on|once|addListener|prependListener|addEventListener|subscribe)$/;
const emitting = /\.(?:emit|dispatchEvent|publish|postMessage|send)$/;
const ownChannels =
  /^(?:events\(\)|EventTarget\(\)|process|worker_threads\.(?:Worker\(\)|parentPort)|child_process\.\w+\(\)|diagnostics_channel\.channel\(\)|BroadcastChannel\(\))\./;

export function isEvent(path: string): boolean {
  return registering.test(path) || (emitting.test(path) && ownChannels.test(path));
}

/**
 * Emitters and channels: what is emitted reaches the handlers of that name, whichever came first. Handlers on things of
 * the runtime (a response's `data`) get what the thing carries.
 */
export function eventCall(call: NativeCall): Value {
  const { path, machine: m, args, self, node } = call;
  if (registering.test(path)) {
    if (ownChannels.test(path)) listen(m, channelOf(call), nameOf(call), args.at(-1), node);
    else m.callBack([args.at(-1)], [make(unknown, taintOf(self)), make(unknown, taintOf(self))], node);
    return self;
  }
  emit(m, channelOf(call), nameOf(call), path.endsWith('.emit') ? args.slice(1) : args, node);
  return unknown;
}

/** Threads and children of one program share a channel; an emitter made here is its own. */
function channelOf({ path, self, machine: m }: NativeCall): string {
  if (/^(?:process|worker_threads|child_process|BroadcastChannel)/.test(path)) return 'threads';
  const plain = plainOf(self);
  return plain instanceof Thing ? `emitter:${m.idOf(plain)}` : 'emitter';
}

function nameOf({ path, args }: NativeCall): string {
  if (/\.(?:postMessage|send)$/.test(path)) return 'message';
  return textOf(args[0]) ?? '*';
}

function listen(m: Machine, channel: string, name: string, handler: Value, node: NativeCall['node']): void {
  const key = `on:${channel}:${name}`;
  m.stores.set(key, join(m.stores.get(key), handler));
  const sent = m.stores.get(`sent:${channel}:${name}`);
  if (sent !== undefined) m.callBack([handler], [sent, sent], node);
  else if (/^(?:process|threads)/.test(channel)) m.callBack([handler], [unknown], node);
}

function emit(m: Machine, channel: string, name: string, args: readonly Value[], node: NativeCall['node']): void {
  const key = `sent:${channel}:${name}`;
  for (const arg of args) m.stores.set(key, join(m.stores.get(key), arg));
  const handlers = m.stores.get(`on:${channel}:${name}`);
  if (handlers !== undefined) m.callBack([handlers], args, node);
}

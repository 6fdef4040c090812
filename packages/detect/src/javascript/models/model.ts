import type { Value } from '../abstract/value.ts';
import type { NativeCall } from '../interpreter/machine.ts';

/** What calling something of the runtime gives and does. */
export type Model = (call: NativeCall) => Value;
export type Models = Readonly<Record<string, Model>>;

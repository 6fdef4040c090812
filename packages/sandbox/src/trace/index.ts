/**
 * The tracer: how strace is started ({@link straceArgs}), read ({@link TracePipe}, {@link StraceParser}), and turned into
 * events with the process and package behind them ({@link TraceReducer}), beside the sinkhole's and the hook's records.
 *
 * Promises: bounded memory and time per line whatever the traced command does; content of names and arguments is never taken
 * for structure. Does not promise that attribution is always right: {@link TraceReducer} says how it can be wrong.
 * Everything read here was chosen by the package, except times, ids, results and the paths of successful opens.
 */
export { type ArtifactSummary, TraceArtifact } from './artifact.ts';
export { Call } from './call.ts';
export type { ChannelGap } from './hook-channel.ts';
export { type Retention, retention, type Truncation, type Worth } from './keeper.ts';
export { PathNames, type Place, type TraceLayout, type Zone } from './layout.ts';
export type { Connection, DnsLookup, Listener, Network, NetworkRequest } from './ledger.ts';
export { type ParserLimits, parserLimits, StraceParser, type TraceConsumer } from './parse.ts';
export { TracePipe } from './pipe.ts';
export type { ProcessNode } from './process.ts';
export { type ProcessLimits, processLimits } from './processes.ts';
export { type TraceFacts, TraceReducer, type TraceReducerOptions } from './reduce.ts';
export type { ExecutedFile, OpenedFile } from './scene.ts';
export { escapeCalls, type StraceOptions, straceArgs, tracedCalls } from './strace.ts';
export {
  AccessTables,
  type CommandRun,
  type DnsClass,
  type FileAccess,
  type SocketAccess,
  type TableLimits,
  tableLimits,
} from './tables.ts';

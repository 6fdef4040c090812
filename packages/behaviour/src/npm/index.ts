/** What a benchmark needs to build the same surroundings without the analysis. */
export { openSession, type NpmSession, type SessionOptions } from './session.ts';
export { findToolchain, type Toolchain } from './toolchain.ts';

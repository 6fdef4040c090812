/** What a benchmark needs to build the same surroundings without the analysis. */
export { type NpmSession, openSession, type SessionOptions } from './session.ts';
export { findToolchain, type Toolchain } from './toolchain.ts';

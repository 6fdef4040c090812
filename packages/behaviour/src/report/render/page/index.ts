/**
 * The script and the look of the HTML report. Every function here is self-contained, because the page carries its source
 * text (`toString`): it may use its parameters, the browser's globals, and nothing else.
 */
export { boot } from './boot.ts';
export type { PageData } from './data.ts';
export { events } from './events.ts';
export { files } from './files.ts';
export { makeKit } from './kit.ts';
export { dependencies, output, signals } from './lists.ts';
export { makeModel } from './model.ts';
export { network } from './network.ts';
export { processes } from './processes.ts';
export { slip } from './slip.ts';
export { style } from './style.ts';
export { timeline } from './timeline.ts';
export { makeTimescale } from './timescale.ts';

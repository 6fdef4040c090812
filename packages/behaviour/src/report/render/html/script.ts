import { visible } from '../../visible.ts';
import { describeEvent, kindOf } from '../describe.ts';
import {
  boot,
  dependencies,
  events,
  files,
  makeKit,
  makeModel,
  makeTimescale,
  network,
  output,
  processes,
  signals,
  slip,
  timeline,
} from '../page/index.ts';

/**
 * The page's script as text: the functions' own source, wired together. The same `visible` and `describeEvent` run here and
 * there, so that a text cannot be safe in one report and not in the other.
 */
export function pageScript(): string {
  const parts = { slip, timeline, processes, network, files, dependencies, signals, events, output };
  const members = Object.entries(parts).map(([name, part]) => `${name}:${part}`);
  return `'use strict';(()=>{
const tools={show:${visible},
describe:${describeEvent},
kindOf:${kindOf},
makeKit:${makeKit},
makeModel:${makeModel},
makeTimescale:${makeTimescale},
parts:{${members.join(',\n')}}};
(${boot})(document,tools);
})();`;
}

import { dynamicBench } from './dynamic.ts';
import { simulantsBench } from './simulants.ts';

const [name, ...args] = process.argv.slice(2);
const benches: Record<string, (args: readonly string[]) => Promise<number>> = {
  dynamic: dynamicBench,
  simulants: simulantsBench,
};
const bench = name === undefined ? undefined : benches[name];
if (bench === undefined) {
  process.stderr.write(`usage: npm run bench -- ${Object.keys(benches).join('|')} [options]\n`);
  process.exitCode = 2;
} else {
  process.exitCode = await bench(args);
}

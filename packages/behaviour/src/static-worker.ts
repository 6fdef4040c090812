import { parentPort, workerData } from 'node:worker_threads';
import { readFiles, type StaticInput } from './static-reading.ts';

// A thread's one job: its input came with it, its answer ends it.
parentPort?.postMessage(await readFiles(workerData as StaticInput));

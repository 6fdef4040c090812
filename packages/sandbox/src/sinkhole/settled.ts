/** Resolves when all promises have ended, well or not, or after `graceMs`. */
export async function settledWithin(promises: Iterable<Promise<unknown>>, graceMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const grace = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, graceMs);
  });
  await Promise.race([Promise.allSettled(promises), grace]);
  clearTimeout(timer);
}

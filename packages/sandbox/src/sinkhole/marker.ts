/** Stands in every script, program and archive that the sinkhole hands out: what holds it came from there. */
export const answerMarker = 'inert answer of run';

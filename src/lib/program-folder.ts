/** Whether the program runs from its sources. Built, it is a few files side by side in dist. */
export const RUNS_FROM_SOURCES = import.meta.url.endsWith('.ts');

/** The folder of package.json. */
export const PROGRAM_FOLDER = new URL(RUNS_FROM_SOURCES ? '../../' : '../', import.meta.url);

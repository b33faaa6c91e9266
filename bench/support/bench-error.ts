/** Failures of a measurement that their message explains: a tool that is missing, a wrong option, a limit that is missed. */

/** A failure without a stack worth showing. */
export class BenchError extends Error {}

/** Runs a measurement's main function and turns its failure into an exit status. */
export async function runMain(main: () => Promise<void>): Promise<void> {
  try {
    await main();
  } catch (error) {
    const text = error instanceof BenchError ? error.message : String(error instanceof Error ? error.stack : error);
    process.stderr.write(`${text}\n`);
    process.exitCode = 1;
  }
}

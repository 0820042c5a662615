/**
 * `oauth-pam tidy-cache FOLDER`: what the wrapper of a runtime build runs when compiled code has been added to
 * the code cache. Deno keeps that in SQLite databases and ends without closing them, so that every later
 * login would read their logs from the beginning.
 *
 * It sees no token, no network and no environment, and decides nothing: the wrapper has looked at the folder,
 * and does not look at how this ends.
 *
 * @module
 */

/** What SQLite puts behind a database's name for its write-ahead log. */
const LOG = "-wal";
/** Whoever reads or writes is done sooner. */
const WAIT_MS = 1000;

/** Moves what is in the logs into the databases. Never throws. */
export async function tidyCache(args: readonly string[]): Promise<void> {
  const [folder, ...rest] = args;
  if (folder === undefined || rest.length > 0) return;
  try {
    // not at the beginning of the module: whoever asks an issuer for keys loads this file, too
    const { DatabaseSync } = await import("node:sqlite");
    const tidy = (database: string) => {
      const connection = new DatabaseSync(database);
      try {
        connection.exec(`PRAGMA busy_timeout = ${WAIT_MS}`);
        // as Deno does at each start, which would then write to the log again
        connection.exec("PRAGMA optimize");
        connection.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      } finally {
        connection.close(); // older runtimes cannot dispose of it
      }
    };
    for (const { name } of Deno.readDirSync(folder)) {
      if (!name.endsWith(LOG)) continue;
      try {
        tidy(`${folder}/${name.slice(0, -LOG.length)}`);
      } catch {
        // damaged: Deno makes it anew
      }
    }
  } catch {
    // logins read the logs
  }
}

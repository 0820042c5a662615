/**
 * yaml-language-server as a process of its own; it speaks the Language Server Protocol over its
 * standard input and output where it is given `--stdio`.
 *
 * @module
 */
import "yaml-language-server/out/src/server.js";

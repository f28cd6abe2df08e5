/**
 * A process that begins and ends alone with the message-passing library, and prints what that says of itself.
 * @module
 */
import { Mpi } from "./binding.js";

const mpi = new Mpi();
mpi.init();
console.log(JSON.stringify({ version: mpi.version(), threads: mpi.threadLevel() }));
mpi.finalize();

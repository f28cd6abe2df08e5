/**
 * What a user did that cannot work: one line that says what is wrong, where, what was expected and what to do.
 * The command line prints it and exits with code 2; every other error is a defect of this project.
 */
export class UserError extends Error {
  override readonly name = "UserError";
}

/** Parts of a {@link UserError}'s line, in the order in which they are printed. */
export interface Complaint {
  /** File, line, field: as exact as is known. */
  readonly where?: string;
  /** What is wrong. */
  readonly what: string;
  /** What was expected instead. */
  readonly expected?: string;
  /** What the user can do. */
  readonly fix?: string;
}

/** Builds the one line of a {@link UserError}: `where: what; expected …; fix`. Line breaks are folded. */
export function userError(complaint: Complaint): UserError {
  const { where, what, expected, fix } = complaint;
  const line = `${where === undefined ? "" : `${where}: `}${what}${
    expected === undefined ? "" : `; expected ${expected}`
  }${fix === undefined ? "" : `; ${fix}`}`;
  return new UserError(line.replace(/\s*[\r\n]+\s*/g, " "));
}

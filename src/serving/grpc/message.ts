/**
 * Messages in protobuf's JSON form.
 * @module
 */

/** A field of a message. */
export type Field = readonly [type: string, id: number, rule?: "repeated"];

/** Fields by name, and maps of parameters by name and number. */
export const message = (
  fields: Readonly<Record<string, Field>>,
  maps: Readonly<Record<string, number>> = {},
  nested = {},
) => ({
  fields: {
    ...Object.fromEntries(
      Object.entries(fields).map(([name, [type, id, rule]]) => [name, { type, id, ...(rule ? { rule } : {}) }]),
    ),
    ...Object.fromEntries(
      Object.entries(maps).map(([name, id]) => [name, { keyType: "string", type: "InferParameter", id }]),
    ),
  },
  ...(Object.keys(nested).length > 0 ? { nested } : {}),
});

/** A repeated field. */
export const all = (type: string, id: number): Field => [type, id, "repeated"];

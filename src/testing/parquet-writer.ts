/**
 * Parquet files for tests (https://parquet.apache.org/docs/file-format/): columns of texts, plain, not packed.
 * @module
 */

/** A value in Thrift's compact protocol: https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md */
type Value =
  | { readonly kind: "i32" | "i64"; readonly value: number }
  | { readonly kind: "binary"; readonly value: string }
  | { readonly kind: "list"; readonly items: readonly Value[] }
  | { readonly kind: "struct"; readonly fields: Readonly<Record<number, Value>> };

const codes = { i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}

function encoded(value: Value): number[] {
  if (value.kind === "binary") return [...varint(Buffer.byteLength(value.value)), ...Buffer.from(value.value)];
  if (value.kind === "list") {
    const code = codes[value.items[0]?.kind ?? "i32"];
    return [0xf0 | code, ...varint(value.items.length), ...value.items.flatMap(encoded)];
  }
  if (value.kind !== "struct") return varint(2 * value.value);
  let last = 0;
  const fields = Object.entries(value.fields).flatMap(([id, field]) => {
    const head = ((Number(id) - last) << 4) | codes[field.kind];
    last = Number(id);
    return [head, ...encoded(field)];
  });
  return [...fields, 0];
}

const i32 = (value: number): Value => ({ kind: "i32", value });
const i64 = (value: number): Value => ({ kind: "i64", value });
const binary = (value: string): Value => ({ kind: "binary", value });
const list = (items: readonly Value[]): Value => ({ kind: "list", items });
const struct = (fields: Readonly<Record<number, Value>>): Value => ({ kind: "struct", fields });

const byteArray = i32(6);

/** A file with a row group for each list of rows. */
export function parquetOf(columns: readonly string[], groups: readonly (readonly (readonly string[])[])[]): Buffer {
  const parts: Buffer[] = [Buffer.from("PAR1")];
  const at = () => parts.reduce((sum, { length }) => sum + length, 0);
  const rowGroups = groups.map((rows) => {
    const start = at();
    const chunks = columns.map((name, i) => {
      const offset = at();
      const page = Buffer.concat(rows.flatMap((row) => lengthAndBytes(row[i] ?? "")));
      const about = struct({ 1: i32(rows.length), 2: i32(0), 3: i32(3), 4: i32(3) });
      const header = struct({ 1: i32(0), 2: i32(page.length), 3: i32(page.length), 5: about });
      parts.push(Buffer.from(encoded(header)), page);
      const size = i64(at() - offset);
      const path = list([binary(name)]);
      const sizes = { 4: i32(0), 5: i64(rows.length), 6: size, 7: size, 9: i64(offset) };
      return struct({ 2: i64(offset), 3: struct({ 1: byteArray, 2: list([i32(0)]), 3: path, ...sizes }) });
    });
    return struct({ 1: list(chunks), 2: i64(at() - start), 3: i64(rows.length) });
  });
  const leaves = columns.map((name) => struct({ 1: byteArray, 3: i32(0), 4: binary(name), 6: i32(0) }));
  const schema = list([struct({ 4: binary("schema"), 5: i32(columns.length) }), ...leaves]);
  const rows = groups.reduce((sum, { length }) => sum + length, 0);
  const metadata = Buffer.from(encoded(struct({ 1: i32(1), 2: schema, 3: i64(rows), 4: list(rowGroups) })));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(metadata.length);
  return Buffer.concat([...parts, metadata, length, Buffer.from("PAR1")]);
}

function lengthAndBytes(text: string): Buffer[] {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes.length);
  return [length, bytes];
}

/** An element of index.html, which has them all. */
export const by = <E extends Element = HTMLElement>(id: string) => document.getElementById(id) as unknown as E;
export const area = (id: string) => by<HTMLTextAreaElement>(id);
export const button = (id: string) => by<HTMLButtonElement>(id);

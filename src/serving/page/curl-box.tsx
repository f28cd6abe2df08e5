import { useRef, useState } from "preact/hooks";
import type { Request } from "./api.js";
import { curlOf } from "./curl.js";

/** What was asked, as commands: copied with one press, or read. */
export function CurlBox({ requests }: { readonly requests: readonly Request[] }) {
  const [copied, setCopied] = useState(false);
  const box = useRef<HTMLDetailsElement>(null);
  const text = requests.map((one) => curlOf(one, location.origin)).join("\n");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setCopied(true);
      setTimeout(() => setCopied(false), 2000);
    } catch {
      // Where the page may not write to the clipboard, it selects what is to be copied.
      if (!box.current) return;
      box.current.open = true;
      const code = box.current.querySelector("pre");
      if (code) getSelection()?.selectAllChildren(code);
    }
  };
  if (requests.length === 0) return null;
  return (
    <div class="curl">
      <details ref={box}>
        <summary>The same by curl</summary>
        {/* It can be scrolled, so the keyboard must reach it. */}
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: as said above */}
        <pre tabIndex={0}>{text}</pre>
      </details>
      <button type="button" class="quiet" onClick={copy}>
        Copy as curl
      </button>
      <span role="status" class="copied">
        {copied ? "Copied" : ""}
      </span>
    </div>
  );
}

/**
 * Making a link that carries the texts.
 *
 * @module
 */
/// <reference lib="dom" />
import { isObject } from "../../lib/json.ts";
import { fragmentOf, MAX_FRAGMENT, type Shared } from "../share.ts";
import { byId } from "./dom.ts";

/** Wires the controls; `texts` are those of the page, with the claims, which go in only when ticked. */
export function wireShare(texts: () => Required<Shared>): void {
  const link = byId("share-link", HTMLInputElement);
  const copy = byId("share-copy", HTMLButtonElement);
  const withClaims = byId("share-claims", HTMLInputElement);
  byId("share-make", HTMLButtonElement).addEventListener("click", async () => {
    const { claims, ...rest } = texts();
    if (withClaims.checked && !isDocument(claims)) {
      link.value = "the claims are not a JSON object: no link was made";
      return;
    }
    const fragment = await fragmentOf(
      withClaims.checked ? { ...rest, claims } : rest,
    );
    if (fragment.length > MAX_FRAGMENT) {
      link.value = "the texts are too long for a link";
      return;
    }
    const [address] = location.href.split("#");
    link.value = `${address}#${fragment}`;
    copy.hidden = navigator.clipboard === undefined;
    link.focus();
    link.select();
  });
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(link.value);
  });
}

/** A token that somebody put into the field for claims does not get into a link. */
function isDocument(claims: string): boolean {
  try {
    return isObject(JSON.parse(claims));
  } catch {
    return false;
  }
}

/**
 * Accounts and services, with the weakest and the strongest sign-in that is asked for.
 *
 * @module
 */
import type { ReportFacts } from "../facts.ts";
import type { Cell } from "../facts/matrix.ts";
import { type Html, html, type Part } from "../html.ts";
import { badge, code, lines, paragraph, section, table } from "./parts.ts";

export function matrixSection({ matrix }: ReportFacts): Html {
  const { services, rows, servicesLeft } = matrix;
  return section(
    "matrix",
    "Accounts and services",
    html`${
      paragraph(
        "Per account and service what is asked of the sign-in: of the way that asks for least, and of " +
          "the one that asks for most.",
      )
    }${
      table(
        "What is asked of the sign-in",
        [
          "account",
          ...services.map((service) =>
            service ?? (services.length === 1 ? "any service" : "any other")
          ),
        ],
        rows.map(({ account, example, whole, cells }) => [
          lines([
            code(account),
            ...(example ? [html`<small>and others of its sort</small>`] : []),
          ]),
          ...cells.map((cell) => cellPart(cell, whole)),
        ]),
      )
    }${
      servicesLeft === 0
        ? []
        : paragraph(`${servicesLeft} more services are not shown here.`)
    }`,
  );
}

function cellPart({ weakest, strongest }: Cell, whole: boolean): Part {
  // what was not looked at is not nobody
  const rest = whole
    ? []
    : [html`<small>perhaps more: not all was looked at</small>`];
  if (weakest === null || strongest === null) {
    return whole ? badge("plain", "nobody") : badge("middling", "cannot tell");
  }
  const words = (asked: readonly string[]) =>
    asked.length === 0 ? "a valid token" : asked.join(", ");
  return lines(
    words(weakest) === words(strongest) ? [words(weakest), ...rest] : [
      html`least: ${words(weakest)}`,
      html`most: ${words(strongest)}`,
      ...rest,
    ],
  );
}

/*
 * Scalar was not written for a strict Content-Security-Policy. Import this first: it makes Scalar and its parts obey
 * the page's policy. test/serve/docs-page fails if an upgrade needs more.
 */
nameStyleElements();
setStylesByScript();
styleHighlightedCode();
keepZodFromEval();

/** Style elements made by scripts get the nonce of this response; without it they would have no effect. */
function nameStyleElements(): void {
  const nonce = document.querySelector<HTMLMetaElement>('meta[property="csp-nonce"]')?.nonce ?? "";
  const create = document.createElement.bind(document);
  const value = (name: string, options?: ElementCreationOptions) => {
    const element = create(name, options);
    if (element instanceof HTMLStyleElement) element.nonce = nonce;
    return element;
  };
  Object.defineProperty(document, "createElement", { value });
}

/**
 * Scripts may set an element's styles, but not its style attribute. Setting the attribute is redirected to the styles.
 */
function setStylesByScript(): void {
  const set = Element.prototype.setAttribute;
  Element.prototype.setAttribute = function (name, value) {
    const isStyled = this instanceof HTMLElement || this instanceof SVGElement;
    if (name === "style" && isStyled) this.style.cssText = value;
    else set.call(this, name, value);
  };
}

/** Highlighted code is markup with a style attribute for the number of lines, which is set by script too. */
function styleHighlightedCode(): void {
  const property = Object.getOwnPropertyDescriptor(Element.prototype, "innerHTML");
  const set = (element: Element, html: string) => property?.set?.call(element, html);
  Object.defineProperty(Element.prototype, "innerHTML", {
    ...property,
    set(this: Element, html: unknown) {
      const text = html === null ? "" : String(html);
      const [, start = "", style = ""] = /^(<code class="hljs[^">]*") style="([^">]*)"/.exec(text) ?? [];
      set(this, style ? text.replace(`${start} style="${style}"`, () => start) : text);
      const { firstElementChild: code } = this;
      if (style && code instanceof HTMLElement) code.style.cssText = style;
    },
  });
}

/**
 * Otherwise Zod tests whether code can be made of text. It reads its settings here, before any module can change them.
 */
function keepZodFromEval(): void {
  Object.assign(globalThis, { __zod_globalConfig: { jitless: true } });
}

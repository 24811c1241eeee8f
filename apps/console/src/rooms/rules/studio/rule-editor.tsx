import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from '@codemirror/autocomplete';
import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { defaultKeymap, history, historyKeymap } from '@codemirror/commands';
import { yaml } from '@codemirror/lang-yaml';
import { indentOnInput, syntaxHighlighting } from '@codemirror/language';
import { lintGutter, lintKeymap, setDiagnostics } from '@codemirror/lint';
import type { Diagnostic } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import type { Extension } from '@codemirror/state';
import { EditorView, drawSelection, highlightActiveLine, hoverTooltip, keymap, lineNumbers } from '@codemirror/view';
import { useEffect, useEffectEvent, useImperativeHandle, useRef } from 'react';
import type { Ref } from 'react';
import { editorColours, editorTheme } from './editor-theme.ts';
import { helpAt, suggestionsAt } from './sigma-completion.ts';
import type { Vocabulary } from './sigma-completion.ts';

export type Remark = {
  readonly line: number;
  readonly message: string;
  readonly tone: 'refusal' | 'warning';
};

/** What the page around does with the editor. */
export type EditorControl = { goTo(line: number): void; replace(text: string): void };

type Props = {
  readonly label: string;
  /** What it begins with. From then on the text is the editor's own: a value handed down again would come too late for what is typed meanwhile. */
  readonly initial: string;
  readonly readOnly: boolean;
  readonly remarks: readonly Remark[];
  readonly vocabulary: Vocabulary | undefined;
  readonly onChange: (value: string) => void;
  readonly onSave: () => void;
  readonly control: Ref<EditorControl>;
  /** Sigma, which is YAML, when undefined. */
  readonly language?: Extension;
};

const kinds = { key: 'property', modifier: 'keyword', field: 'variable', value: 'constant' } as const;

/**
 * A rule or a policy as text, with help where the cursor stands. It lives in a shadow root: its styles come as a constructed sheet, so that the page goes on
 * without inline styles. Tab leaves it, as everything else in the page.
 */
export function RuleEditor(props: Props) {
  const { label, initial, readOnly, remarks, vocabulary, onChange, onSave, control, language } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(undefined);
  const words = useRef(vocabulary);
  const first = useRef({ label, initial, readOnly, language });
  const changed = useEffectEvent(onChange);
  const saved = useEffectEvent(onSave);

  useEffect(() => {
    words.current = vocabulary;
  }, [vocabulary]);

  useEffect(() => {
    const element = host.current;
    if (element === null) return undefined;
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
    const complete = (context: CompletionContext): CompletionResult | null => {
      if (words.current === undefined) return null;
      const found = suggestionsAt(context.state.doc.toString(), context.pos, words.current);
      if (found === undefined || (found.from === context.pos && !context.explicit && !followsBar(context))) return null;
      return {
        from: found.from,
        options: found.options.map(({ label: name, insert, kind, help }, place) => ({
          label: name,
          type: kinds[kind],
          boost: -Math.min(place, 99),
          ...(insert === undefined ? {} : { apply: insert }),
          ...(help === undefined ? {} : { info: help }),
        })),
        validFor: /^[\w.-]*$/,
      };
    };
    const explain = hoverTooltip((shown, at) => {
      const help = words.current === undefined ? undefined : helpAt(shown.state.doc.toString(), at, words.current);
      if (help === undefined) return null;
      return {
        pos: at,
        create() {
          const dom = document.createElement('div');
          dom.className = 'cm-help';
          dom.textContent = help;
          return { dom };
        },
      };
    });
    const editor = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: first.current.initial,
        extensions: [
          lineNumbers(),
          history(),
          drawSelection(),
          indentOnInput(),
          closeBrackets(),
          highlightActiveLine(),
          lintGutter(),
          first.current.language ?? yaml(),
          syntaxHighlighting(editorColours),
          editorTheme,
          EditorView.lineWrapping,
          EditorState.readOnly.of(first.current.readOnly),
          EditorView.contentAttributes.of({
            'aria-label': first.current.label,
            spellcheck: 'false',
            autocapitalize: 'off',
          }),
          autocompletion({ override: [complete], icons: false }),
          explain,
          keymap.of([
            {
              key: 'Mod-s',
              run() {
                saved();
                return true;
              },
            },
            ...closeBracketsKeymap,
            ...defaultKeymap,
            ...historyKeymap,
            ...completionKeymap,
            ...lintKeymap,
          ]),
          EditorView.domEventHandlers({ beforeinput: replaceByItself }),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) changed(update.state.doc.toString());
          }),
        ],
      }),
    });
    view.current = editor;
    return () => {
      view.current = undefined;
      editor.destroy();
    };
  }, []);

  useEffect(() => {
    const editor = view.current;
    if (editor === undefined) return;
    const { doc } = editor.state;
    const diagnostics = remarks.map(({ line, message, tone }): Diagnostic => {
      const { from, to } = doc.line(Math.min(Math.max(1, line), doc.lines));
      return { from, to, message, severity: tone === 'refusal' ? 'error' : 'warning' };
    });
    editor.dispatch(setDiagnostics(editor.state, diagnostics));
  }, [remarks]);

  useImperativeHandle(control, () => ({
    goTo(line) {
      const editor = view.current;
      if (editor === undefined) return;
      const { from } = editor.state.doc.line(Math.min(Math.max(1, line), editor.state.doc.lines));
      editor.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: 'center' }) });
      editor.focus();
    },
    replace(text) {
      view.current?.dispatch({ changes: { from: 0, to: view.current.state.doc.length, insert: text } });
    },
  }));

  return <div ref={host} className="rule-editor" />;
}

/**
 * Text over a selection is put in by the editor and not by the browser, which would give it the style of what was there: an inline style, which the
 * page's policy refuses. Quotes and brackets go round a selection instead.
 */
function replaceByItself(event: InputEvent, editor: EditorView): boolean {
  const { data, inputType } = event;
  const { state } = editor;
  if (inputType !== 'insertText' || data === null || state.readOnly || editor.composing) return false;
  if (state.selection.main.empty || /^['"([{]$/.test(data)) return false;
  event.preventDefault();
  editor.dispatch(state.replaceSelection(data), { userEvent: 'input.type', scrollIntoView: true });
  return true;
}

/** Behind a bar modifiers are offered at once. */
function followsBar({ state, pos }: CompletionContext): boolean {
  return state.sliceDoc(pos - 1, pos) === '|';
}

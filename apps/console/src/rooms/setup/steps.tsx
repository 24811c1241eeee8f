const names = ['Account', 'Second factor', 'Recovery', 'First steps'];

export function Steps({ at }: { readonly at: number }) {
  return (
    <ol className="steps" aria-label="Setup">
      {names.map((name, index) => (
        <li
          key={name}
          data-state={index < at ? 'done' : index === at ? 'current' : 'ahead'}
          aria-current={index === at ? 'step' : undefined}
        >
          {name}
        </li>
      ))}
    </ol>
  );
}

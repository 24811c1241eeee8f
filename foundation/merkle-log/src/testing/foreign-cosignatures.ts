// What the witness of transparency-dev (Go; github.com/transparency-dev/witness of July 2026, run for this) answered for a checkpoint
// of the log with the key of thirty-two bytes 7, and its verifier keys.

export const foreignCheckpoint = 'log.example/test\n5\nfKo0Xb2JKmZFTWxlEuo8PqPw0+whvj/C4jdXBf049nI=\n';

export const foreignVerifierKeys: readonly string[] = [
  'go-witness.example/w1+73978770+BD2vH+XO5UZOFBwW1np11NiN6Eh65gBR9HmfQsTAGb1j',
  'go-witness.example/w1+25ef10e8+Bpgx4vs3BxAfMJWTphXRnx35cINg/Dw308/SYBFOqH58FKZAHXAhVQi8PM2B7OCh4nfVh1GFM1FAA5o' +
    '5ZpCZfQgZGHn1IhEcZ93slIILM0LDiV7oiakX2j/vsZduAX8tZ2rai61YgSTcPlMtaCNFWP9VvVcCbfE9ZZ0XxiQ5LNcnkgwJNuPQj2+5rD905' +
    '2MkyiHJ2kgUCtFOoyQF/l+3A+StANDSgwegmdLRLXjm2Seb/8FAx4Koobur+trKhW+mKhJJkR3MZh+VPn7FlqQkG3nAIvjLeeBVdC6uLr/2Nqt' +
    'TK/f3lQpeCtoHT1pLMKAp932cQHERo9PxoKcfw5WT18Z5Uwg5bWWqIZuwVb4o4vQ5y673Lhacp1UDobjcwJUSq2z2YiAkKU0G8dr6unwjx5RkW' +
    'R+95uJf/fL1zLtatOqUWgmgVX0nyRLmbGFVvAn0ZVFf+KvSdZzpQMw2IywOBEKc8UpqEg999XYf1HnI8329ySfjK/o6iqpszOgHRCKdYR8GaVc' +
    'ffDu5jfrqzER/jW6tP0PtGtrcsGL+RDrsyCwekZy8jCZnrMeHLTjsks2AGEwhDgY5kNVC/+Q+laSA9M/K0FUf5+3O9cS6F5Wacc9YNDfwpKMlc' +
    'PFZdElt1Ukp4unX+LUne8r+n/4TU5aX2k6We4LQjr0IHcB+3ARGJ9pjLUB5ktfhhHYUS1VaxaSZt2ToCCw3rg92u5fBjxWsJet3TCa565LIKhQ' +
    'yLqFOSsYAZn/XXU+Qk4tiDDre/xrmkrJhd0swFByQcg62hbvG1irQOBwwqfbV54Ii+ESl06WUi/BSFe9gVBC4WxXZ3mI3QxeHmLDxw9/nyNzD0' +
    'jdq45GEANINPHNuLAiYV4eLg0uS4RGruHBETzhU+Wz15IgtAJzsTvmmtaxkE1hU1cbIyXTOEWpYZkV664pTJkBuSFEf3A+2svt+E9e8sbGDWJ8' +
    '3V98WwFTusjv/GGfRqDH8Id08Nzko+heRFQ6veaSB/Qi357Pe+K1e0hhNNR1df9e7Erh6VtCNTM2gQgK0wDjUpGKv8Twys1ovzKBOlFkLW1KNn' +
    'wJY2B6xfwVOrhrUR9ri5VlstppTxI/xlOm4BeJl/UPJJKa/OqUdV4DVTaNWA/NGUGH/KsieqjII5HASHlZHDMN3K1prEgHBJBverJAkbrVZYuC' +
    'twD1Gk81AMr5DQsfAIANFBioa2M8NVSONtt0NP8S6TigmxE3lP2/2rU/JCxDwTB2vvXuRATJNJL5Q7gRUU/tN/n/Vzk0nZqUVathQVsOISbbpR' +
    '9/7P6y1ZUokM5hzxFkH7RLg8WFLljXX05Q7Zfsf/WxEgVC+PzNR49EWq+7IcJWJ6/Wk9anbEhVRqADMkwxnlw1Kyn+t3fGLE62jWRj0S6ftEFd' +
    'gzJhzEc6CIv2D0gwKcD319yIqoJeK+M0+58+t1sE9OiWq3QD5jV3Yz0sVQd5Bu++V0AZg1cUC3Mw+cU6TUJxIDSrrZYxV3nL5bUJepDA2VeJ/X' +
    '9nP6Kd/UIIOajzq6R4Qftuknx+KFW4zS0g0B5NFs9pjSwOyaZdbPD93iiwBWPG/mBFumw9amVCV9K8oa6BVaxKS+YreCezYvBsRYowEJgLgmLv' +
    'FGVQIN58RcofAbpiuELf4zS4XgkqOq5eEvcjAznSOa6Gc95K6jz8/CKLpaTAILhAN0h8bx3osi+O+wS3ub8sS7HaPosQE7UIpNPLDvIamMXRVh' +
    'lyiDI9UIKv9DJ5y161aRZw=',
];

/** Time and signature of each, base64. */
export const foreignCosignatures: readonly string[] = [
  'AAAAAGsC0qQ60JvFPGP6f0ew8KL5KvR8FDHpJL0yqEADfrHvHy4m7rP9CDYCBUxF/XRH9WQwEWXClYpNmNJT3mun77Bz5YYG',
  'AAAAAGsC0qT/fveQKV/PVxMmY+vf0l6toaZSiyVyHM5pLBNNJQrMxj3jqmI4/RftebilNlfeIVow6ZJsDXSQUqOcV2R2VLh2Z4fpHwdExWmGpw' +
    'bpMFq+HPNLAF2H/j+tkXTKUxfhK8pYGyAD4AJkDh/QlvxMJgpahH6NvMmpbQPII3ACiCdmNDkeffc/lLhB267s+EHEfn3czOXvs3Ch0JwSy1Zp' +
    'g8IbSDryxQcWi71/XJ+stattszYRygOjgI0nwmqKjthkKfrWYkbSHnDrsErysHMpNC3QX+Ue0SO+lDBXjGbftTWuOLnHzmurzGYpgwe7esaJoo' +
    'RLoaq6TtjgqM9DKcdzjf2yBxQIF7k9iJKiojIOKaW8csxqxv1dTIJEbPVypvn2GuL7C03uHEtTqZ11oiIWJWLnfC/n5oTvUoU506PwDW9iJWs4' +
    'HRYqwtdgkI8T4FA7fMMC+q+BUcZC+hX98ED6ASMopNWtpOK69tWvNJ/AzqN1ryA45dsSK3gU9M1xUsv7xmsOZ2E+0TO54ZGPzH6lQ/lfJm/3fC' +
    'OvjMdIIwvhLFdreQJVphp2odwII6K3jHLDy+wNGJd7sokqGAWWmhc+WFZZSSfEEJhas9pEn/vBe4Y+8UdKVjaZhYyU9mZQJnPxrt0aSWRT0s+1' +
    'Vm41NQp1hy9lBS6WWNf3j6r8d8A30KuUg603XhmmuXnEmPrroaLBwedklPq6PsdvXaQBbPsrXBQ2aZrU7DV9cJk2QKYw2XombQonFLjtwJ2aly' +
    'W1FngMqsgVNi4clPmOCbYAkaO7AhKCu5/mLe+p+AVLlv/wRblgI94Yv5GclKCLeG9oM5HCTSaUis1EDEwA+JHfTknALqryRr4nruQEByRG0LtH' +
    'DfIYGEY9B4dOYCoe1KeLegGTS3Fp2r3SRWfd/WfHbDMEy53MSvRK6a78uR1uBocmKA/yGS6WYA0Yu5EXVPGKlfP5Iv2yCTzDWZw5LtmrHKFQgF' +
    '1bPiw8O3aVF+/W0+zkcE8ECED8j9jYZ0Lw7dnNdrt6gLCpSzK7m1s+vS3pgvk5cE3UvhqAKCzQYYaevfYXLfS+CYjVU5sMeyF3xm1ZXgNkBurc' +
    '08XL4tcsvc40oFpwl7JiL2ANQqfTlbdlcXiEA65yW0Q4iYxNOY6ZBgQYIf5zQMS8VnRS+6rxKLm9ZVuv2onv+hY8hcXejshVqU44uE0QlcvLNj' +
    'y8xYG1z6MpfAJIBs/dMLCinXuDBhw0QPb1iGMcxBVI4GHbcHnd5QV38srimdPFXCTNwjIx7T0iHjySTYsTcHu0hCjOeXjxIrBtK/NeY6/dioeJ' +
    'M+OHUeQIOuXH690U/RymNxlojmmE1PZjyBGR9L2GEqgFSvflOkCfpiGUlzrgwMynfJQqWwwh6KTCM/GVOyk6LaRgU0SujXohj51OczsXsOS74K' +
    'mMjbucOzAB7SH06ULfXp2Iv/QTqOkFATso7CZ2uFSUd/sVJScLs6bzlPNgdQExYvZZZCdNy58qW+SXUcRGKDLdUA4wT+AjOGy2uaGOmXOKcvOp' +
    '243v3nSfSZu6sYZocG6qNe+e7z1OiRRic/7M7aFRrG6ovwSX7RySbjmn4UOLVl7BXN97PaJgLz5/K92upiIcx/tFYpwQ92gulHxFcuXMJ1YfPN' +
    'pZIZqEBIu5g9/vbGzAPqdAHZ1c56Rsu/HV6yRoiUME6Vm+QDvqvRP95Q7Ee36Tp0CsfTWNjiZ7hYPtLJ4kEByW5uliKlQE2DvgljwbcMHKipPP' +
    'TGgvxRtx0A1qpYKbCgVtv6CtcfoWAx9Tl3MowPqxq+LToMc1nKgvfq7IJiqcPrCeADbpkqQ6ANkEhc5UcfOWIazQKCNQfGFEotDSJEaQ25uONs' +
    'EqNWzxWCu4S1K4/fjr2Ji2PAWDgmnMzfXqVUPmotCV96KgLg22UH04MMhq0cFFBseAoh2KQmXHGLoB63L7h+8mCdO0qJguDMcnXmuNxWqvV406' +
    'Kk8jajyCQ/8aqSEzWbiXHXWlaWDqh5UFC9N9nD9VksF2wjUuFtVfJ9G1JlgKfdGZOReoQv9C5OY20FxcGfg8HKbULb6A6m5DZglaeFx0BI2krL' +
    '3gkXAVdahdTuyGEQFlsueCFApGP4xQbmH04oUeRvM3ECEayoibx0LTLg2eYpwuPUVn+EWWDZBCLdw4ENKuyigwqB4YQ3QkgaXozT9HbaX7NjgU' +
    '2KDI2XseZssu+ZRatnaGRTDKPkolr0wQvSRZPAIOS8Yk4CQry7A16yEc/KTskxRL/7T2SJtpWgHB9+sr71QpesQP1CZUyOd9yWb5txLbc503PJ' +
    'N8AIOEV9T4Tk8XTqzFDEppsBFFneYXD+tqNJFGo9o4vbYEINo9/e6UMvb848vibMsYm5RxysMpg5kgftZAks2lCAU9lGApKJzMFFb/Cd8FHTZM' +
    '4xUs6/NFUf9mrnwyx2ciWka0zdON8bpZVYJoEM+8/8B3/WQApXxd28XjCO1/yC8K+7V8/5EkbXV3XcvWy1S+PA9e4NsE7O07Pmennwa3VjssBC' +
    '5EfJhmwetLK5mq7WhB6P7Af520EDeCo/NmedPy7JWB646nRyRU+BrxX+V2hvNobhxFl0Ih6qnF1mfEQTsAeaHrBQbGWW0G7lbFLt9NuYvtSeRb' +
    'mJjkFZJrT6/LT5ZwH3fG5FfmAc8xEmTMGKFvy5cSeVPIgAHpe7cRuF1QxPrLkKNJs0U/CwnvwnvtWfHAO4Lj5Kn7vJu09XwqCmSIMnq0uHe4y8' +
    'kLGsVZeTNmwe0Zs4TsGBuAg7CPHjdcFZhoFC6TvpLdlfMax/6yDlmwiP+nf7j6ubZLzY5iAqIFg7Ko/kJMVmVAnqPwDK5ZjNzVDNfv20v4tQsC' +
    'DsR5MFgLtpFneevQXMA7SIoDuC2/H5FTP7LOarH2kBUBxVSna1q6wNnYoC2l1g21MCLX86YdiQA1fOTtbb0UKscdYxEgr3ROXwnpyiXF8o8Nyl' +
    'RMeLXluJ0CMKd+TyXU9p9TZeoFjKeShvdt/XnjXn5LQIaFeFXO7lLMPnRR9c0Qu65b6yPKKoddiG1BSnTUW294TZ9uiRxqmA/q9A3v2OkkY5Hj' +
    'QW+W1diMjuS0l+26PkZ1IaOtZZs7j5D45YFePpXgy10I1wAlLTpBYZPV8g8oNzlUq8bHydfa3N7s8PYRFBl1qbTC1d8aLT+MprDE0urs9/kAAA' +
    'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACRkiLg==',
];

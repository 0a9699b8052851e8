"""What pyHanko takes for the same work: FOLDER ROUNDS; prints milliseconds of the processor for stamping and verifying.

Both are done in one process that is warm, so neither Python's start nor its imports count.
"""

import statistics
import sys
import time
from io import BytesIO

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import signers
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko_certvalidator import ValidationContext


def main(folder, rounds):
    signer = signers.SimpleSigner.load(f"{folder}/p256.key", f"{folder}/p256.pem")
    root = load_cert_from_pemder(f"{folder}/root.pem")

    def stamp():
        with open(f"{folder}/plain.pdf", "rb") as plain, open(f"{folder}/pyhanko.pdf", "w+b") as out:
            signers.sign_pdf(
                IncrementalPdfFileWriter(plain),
                signers.PdfSignatureMetadata(field_name="Seal", md_algorithm="sha256", subfilter=SigSeedSubFilter.PADES),
                signer=signer,
                new_field_spec=SigFieldSpec("Seal", on_page=0, box=(300, 300, 400, 360)),
                output=out,
            )

    def verify():
        with open(f"{folder}/sealed.pdf", "rb") as sealed:
            context = ValidationContext(trust_roots=[root], allow_fetching=False)
            for signature in PdfFileReader(sealed).embedded_signatures:
                status = validate_pdf_signature(signature, context)
                assert status.intact and status.valid and status.trusted, status.summary()

    for work in (stamp, verify):
        work()
        times = []
        for _ in range(rounds):
            before = time.process_time()
            work()
            times.append(time.process_time() - before)
        print(f"{statistics.median(times) * 1000:.2f}")


main(sys.argv[1], int(sys.argv[2]))
